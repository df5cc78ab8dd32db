local v = 0
Memory.inc = function() v = v + 1 end
Memory.get = function() return v end
Memory.inc()
--- restart
Memory.inc()
assert(Memory.get() == 2)
--- restart
assert(Memory.get() == 2)
Memory.inc()
assert(Memory.get() == 3)
assert(debug.upvalueid(Memory.inc, 1) == debug.upvalueid(Memory.get, 1))
