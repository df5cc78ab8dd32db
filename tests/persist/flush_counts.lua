assert(ext.flush() == 0)
Memory.a = 1
local n = ext.flush()
assert(n >= 1)
assert(ext.flush() == 0)
Memory.a = 2
assert(ext.flush() == 1)
Memory.a = 3; Memory.a = 4; Memory.a = 5
assert(ext.flush() == 1)
Memory.b = 1; Memory.b = nil
assert(ext.flush() == 0)
Memory.a = nil
assert(ext.flush() == 1)
Memory.nothing = nil
assert(ext.flush() == 0)
