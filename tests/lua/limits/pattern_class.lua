local class = "[" .. ("x"):rep(1000000) .. "]"
string.find(("y"):rep(1000000), class)
