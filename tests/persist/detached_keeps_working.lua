Memory.t = {x = 1}
local t = Memory.t
Memory.t = nil
t.x = 2
t.y = {z = 1}
ext.flush()
assert(t.x == 2 and t.y.z == 1)
Memory.again = t
--- restart
assert(Memory.again.x == 2 and Memory.again.y.z == 1)
