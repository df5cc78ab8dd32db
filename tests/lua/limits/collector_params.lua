local keep = {}
for i = 1, 50000 do keep[i] = {i} end
collectgarbage("generational")
while true do keep[math.random(50000)] = {} end
