local s = "a" .. ("\x80"):rep(4000000)
local f = utf8.codes("a", true)
while true do pcall(f, s, 1) end
