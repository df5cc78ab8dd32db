Memory.f = function() return 1 end
Memory.f = function() return 2 end
--- restart
assert(Memory.f() == 2)
Memory.f = function() return 3 end
--- restart
assert(Memory.f() == 3)
