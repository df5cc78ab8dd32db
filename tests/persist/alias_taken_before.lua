local t = {x = 1}
Memory.t = t
t.x = 2
t.y = {z = 3}
--- restart
assert(Memory.t.x == 2 and Memory.t.y.z == 3)
