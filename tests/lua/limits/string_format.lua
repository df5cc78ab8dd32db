local s = ("x"):rep(4000000)
while true do string.format("%.1s", s) end
