string.find(("a"):rep(3000000), "%f[" .. ("b"):rep(100000) .. "]")
