Memory.add = function(a, b) return a + b end
Memory.sub = function(a, b) return a - b end
local function rec(n) if n <= 1 then return 1 end return n * rec(n - 1) end
Memory.fact = rec
Memory.va = function(...) return select("#", ...), ... end
--- restart
assert(Memory.add(1, 2) == 3 and Memory.sub(1, 2) == -1 and Memory.fact(10) == 3628800)
local n, a, b = Memory.va(nil, "x")
assert(n == 2 and a == nil and b == "x")
