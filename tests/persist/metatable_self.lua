local m = {x = 5}
m.__index = m
setmetatable(m, m)
Memory.m = m
--- restart
local m = Memory.m
assert(getmetatable(m) == m and m.x == 5)
