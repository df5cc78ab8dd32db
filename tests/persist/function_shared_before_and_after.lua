local v = 10
Memory.get = function() return v end
local set = function(x) v = x end
set(11)
Memory.set = set
--- restart
Memory.set(12)
assert(Memory.get() == 12)
--- restart
assert(Memory.get() == 12)
