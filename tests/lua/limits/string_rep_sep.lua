while true do string.rep("", 4000000, "x") end
