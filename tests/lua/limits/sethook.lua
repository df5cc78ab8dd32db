debug.sethook()
debug.sethook(function() while true do end end, "l")
while true do pcall(debug.sethook) end
