local h = ext.table()
h.a = 1; h[2] = "two"; h.t = {x = {1, 2, 3}}
assert(h.a == 1 and h[2] == "two" and h.t.x[3] == 3 and #h == 3)
Memory.h = h
assert(Memory.h == h)
--- restart
local h = Memory.h
assert(h == Memory.h and h.a == 1 and h[2] == "two" and h.t.x[3] == 3 and #h == 3)
h.t.x[3] = 4
h.a = nil
assert(h.a == nil and #h == 2)
--- restart
local h = Memory.h
assert(h.t.x[3] == 4 and h.a == nil)
