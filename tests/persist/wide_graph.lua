local t = {}
for i = 1, 20000 do t[i] = {id = i, name = "n" .. i} end
Memory.t = t
--- restart
local sum = 0
for i, o in ipairs(Memory.t) do sum = sum + o.id; assert(o.name == "n" .. i) end
assert(sum == 20000 * 20001 // 2)
