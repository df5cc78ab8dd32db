-- table.insert and table.remove, at the end and in the middle.
local list = {}
for i = 1, 500000 do table.insert(list, i) end
local sum = 0
for _ = 1, 400000 do sum = sum ~ table.remove(list) end
local queue = {}
for i = 1, 2000 do table.insert(queue, 1 + i // 2, i) end
while #queue > 0 do sum = sum ~ table.remove(queue, 1 + #queue // 2) end
return sum .. " " .. #list
