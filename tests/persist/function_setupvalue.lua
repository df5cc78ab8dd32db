local v = 1
Memory.f = function() return v end
debug.setupvalue(Memory.f, 1, 2)
--- restart
assert(Memory.f() == 2)
debug.setupvalue(Memory.f, 1, {9})
--- restart
assert(Memory.f()[1] == 9)
