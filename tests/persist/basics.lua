Memory.n = 42
Memory.f = 1.0
Memory.s = "a\0b"
Memory.b = true
Memory.u = {n = 1}
Memory.u.n = 2
Memory.test = function(x) return x * 2 end
local c = 0
Memory.counter = function() c = c + 1 return c end
assert(Memory.counter() == 1)
--- restart
assert(Memory.n == 42 and math.type(Memory.f) == "float" and Memory.s == "a\0b" and Memory.b == true)
assert(Memory.u.n == 2)
assert(Memory.test(21) == 42)
assert(Memory.counter() == 2)
--- restart
assert(Memory.counter() == 3)
Memory.u = nil
--- restart
assert(Memory.u == nil and Memory.counter() == 4)
