Memory.t = setmetatable({}, {__index = function(t, k) local v = k * 2; rawset(t, k, v); return v end})
assert(Memory.t[4] == 8)
--- restart
assert(rawget(Memory.t, 4) == 8 and rawget(Memory.t, 5) == nil)
assert(Memory.t[5] == 10)
--- restart
assert(rawget(Memory.t, 5) == 10)
