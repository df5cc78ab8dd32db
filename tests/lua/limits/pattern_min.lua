string.find(("a"):rep(200000), (".-"):rep(8) .. "b")
