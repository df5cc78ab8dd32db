local t = {}
Memory.a = t; Memory.b = t
assert(Memory.a == t and Memory.a == Memory.b and rawequal(Memory.a, t))
t.x = 1
--- restart
assert(Memory.a == Memory.b and Memory.a.x == 1)
Memory.a.x = 2
assert(Memory.b.x == 2)
local seen = {[Memory.a] = true}
assert(seen[Memory.b])
--- restart
assert(Memory.b.x == 2)
