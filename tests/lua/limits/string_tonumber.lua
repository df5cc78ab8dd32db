local s = ("0"):rep(4000000)
while true do tonumber(s) tonumber(s, 36) local x = s + 1 end
