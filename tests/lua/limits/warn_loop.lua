warn("@on")
while true do pcall(warn, "x") end
