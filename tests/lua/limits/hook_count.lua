debug.sethook(function() pcall(function() while true do end end) end, "crl", 1)
while true do pcall(function() local x = 1 end) end
