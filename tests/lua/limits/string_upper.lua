local a = ("x"):rep(4000000)
while true do a:upper() a:reverse() a:sub(2) a:byte(1, 100000) end
