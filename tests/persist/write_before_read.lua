Memory.t = {a = 1, b = 2}
--- restart
Memory.t.c = 3
--- restart
assert(Memory.t.a == 1 and Memory.t.b == 2 and Memory.t.c == 3)
--- restart
Memory.t.a = nil
--- restart
assert(Memory.t.a == nil and Memory.t.b == 2)
