while true do string.rep("", 1e18) end
