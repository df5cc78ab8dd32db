local f = ("!"):rep(4000000)
while true do string.packsize(f) end
