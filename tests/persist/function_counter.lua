local n = 0
Memory.count = function() n = n + 1; return n end
assert(Memory.count() == 1)
--- restart
assert(Memory.count() == 2 and Memory.count() == 3)
--- restart
assert(Memory.count() == 4)
--- restart
assert(Memory.count() == 5)
