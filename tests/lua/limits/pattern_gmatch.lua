while true do for w in (("a "):rep(100000)):gmatch("%w+") do end end
