local v = 1
Memory.f = function() return v end
ext.flush()
v = 2
ext.flush()
v = 3
--- restart
assert(Memory.f() == 3)
