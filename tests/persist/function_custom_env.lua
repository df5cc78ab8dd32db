local env = {print = print, val = 5}
Memory.f = load("return val", "=f", "t", env)
Memory.env = env
--- restart
assert(Memory.f() == 5)
Memory.env.val = 6
assert(Memory.f() == 6)
