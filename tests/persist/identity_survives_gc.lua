Memory.a = {n = 1}; Memory.b = {ref = Memory.a}
--- restart
local a = Memory.a
collectgarbage(); collectgarbage()
assert(Memory.b.ref == a)
a.n = 2
a = nil
collectgarbage()
assert(Memory.b.ref.n == 2)
--- restart
assert(Memory.a.n == 2 and Memory.b.ref == Memory.a)
