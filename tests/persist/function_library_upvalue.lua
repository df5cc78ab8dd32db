local math, fmt = math, string.format
Memory.f = function(x) return fmt("%.2f", math.sqrt(x)) end
--- restart
assert(Memory.f(2) == "1.41")
local _, m = debug.getupvalue(Memory.f, 2)
assert(m == math or select(2, debug.getupvalue(Memory.f, 1)) == string.format)
