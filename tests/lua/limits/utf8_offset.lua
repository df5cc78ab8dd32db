local s = "\xC2" .. ("\x80"):rep(4000000)
while true do pcall(utf8.offset, s, 0, #s) pcall(utf8.offset, s, 1, 1) pcall(utf8.offset, s, 2, 1) end
