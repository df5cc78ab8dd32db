Memory.test = function(x) return x * 2 end
--- restart
assert(Memory.test(21) == 42)
--- restart
assert(Memory.test("4") == 8)
