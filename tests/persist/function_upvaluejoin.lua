local a, b = "a", "b"
Memory.f = function() return a end
local g = function() return b end
debug.upvaluejoin(Memory.f, 1, g, 1)
b = "c"
--- restart
assert(Memory.f() == "c")
