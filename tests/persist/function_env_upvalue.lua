x = "first"
Memory.getx = function() return x end
Memory.setx = function(v) x = v end
--- restart
assert(Memory.getx() == nil)
x = "second"
assert(Memory.getx() == "second")
Memory.setx("third")
assert(x == "third")
