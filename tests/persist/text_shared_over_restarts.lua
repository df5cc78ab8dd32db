Memory.f1 = load("return function() return 1 end")()
--- restart
Memory.f2 = load("return function() return 1 end")()
assert(Memory.f1() == Memory.f2())
--- restart
assert(Memory.f1() == 1 and Memory.f2() == 1 and Memory.f1 ~= Memory.f2)
