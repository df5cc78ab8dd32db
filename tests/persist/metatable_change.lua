Memory.t = {}
local m = {__index = {d = 1}}
setmetatable(Memory.t, m)
--- restart
assert(Memory.t.d == 1)
getmetatable(Memory.t).__index.d = 2
--- restart
assert(Memory.t.d == 2)
setmetatable(Memory.t, nil)
--- restart
assert(Memory.t.d == nil and getmetatable(Memory.t) == nil)
debug.setmetatable(Memory.t, {__index = function(_, k) return k .. "!" end})
--- restart
assert(Memory.t.foo == "foo!")
