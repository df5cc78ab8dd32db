Memory.a = 1
local m = Memory
Memory = nil
m.b = 2
--- restart
assert(Memory.a == 1 and Memory.b == 2)
