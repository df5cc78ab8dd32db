local a, b = {}, {}
a.b, b.a, a.self = b, a, a
Memory.a = a
Memory.me = Memory
--- restart
local a = Memory.a
assert(a.b.a == a and a.self == a and Memory.me == Memory and Memory.me.me.a == a)
