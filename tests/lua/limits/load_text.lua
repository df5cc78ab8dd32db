local text = ("local x = 1; x = x + 1 "):rep(1)
text = "local x " .. ("x = 1 "):rep(100000)
while true do load(text) end
