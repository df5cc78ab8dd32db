Memory.a = {x = {v = 1}}; Memory.b = {}
--- restart
Memory.b.x = Memory.a.x
Memory.a.x = nil
--- restart
assert(Memory.a.x == nil and Memory.b.x.v == 1)
Memory.a, Memory.b = Memory.b, Memory.a
--- restart
assert(Memory.a.x.v == 1 and next(Memory.b) == nil)
