string.find(("a"):rep(2000000), "(.-)b%1")
