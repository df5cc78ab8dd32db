local a, b = ("x"):rep(4000000) .. "1", ("x"):rep(4000000) .. "2"
while true do local t = a == b, a < b, a <= b end
