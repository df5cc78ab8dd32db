local inner = {v = 1}
local outer = {inner = inner, list = {inner}}
Memory.outer = outer
inner.v = 2
--- restart
local o = Memory.outer
assert(o.inner == o.list[1] and o.inner.v == 2)
o.list[1].v = 3
assert(o.inner.v == 3)
--- restart
assert(Memory.outer.inner.v == 3)
