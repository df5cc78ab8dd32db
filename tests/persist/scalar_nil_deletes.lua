Memory.a = 1; Memory.b = 2
Memory.a = nil
--- restart
assert(Memory.a == nil and Memory.b == 2)
Memory.b = nil
--- restart
assert(next(Memory) == nil)
