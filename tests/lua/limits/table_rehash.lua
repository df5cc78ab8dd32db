local t = {}
for i = 1, 2^16 do t[{}] = true end
local old = next(t)
while true do t[old] = nil; old = {}; t[old] = true end
