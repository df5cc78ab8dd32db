local s = ("a"):rep(200)
string.find(s, ("a*"):rep(30) .. "b")
