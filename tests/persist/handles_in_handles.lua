local a, b = ext.table(), ext.table()
a.b, b.a = b, a
Memory.root = a
a.shared = {n = 1}
b.shared = a.shared
--- restart
local a = Memory.root
assert(a.b.a == a and a.b.shared == a.shared)
a.shared.n = 2
--- restart
assert(Memory.root.b.shared.n == 2)
