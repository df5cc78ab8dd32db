string.find(("("):rep(10000000), "%b()")
