for i = 1, 50 do Memory["k" .. i] = i end
for k, v in pairs(Memory) do if v % 2 == 0 then Memory[k] = nil end end
--- restart
local n = 0
for k, v in pairs(Memory) do assert(v % 2 == 1 and k == "k" .. v); n = n + 1 end
assert(n == 25)
for k in next, Memory do rawset(Memory, k, nil) end
--- restart
assert(next(Memory) == nil)
