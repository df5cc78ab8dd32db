local v = 1
Memory.f = function() return v end
local ok, msg = pcall(debug.setupvalue, Memory.f, 1, io.stdout)
assert(not ok and msg:find("Memory.f<upvalue v>: cannot persist", 1, true), msg)
assert(v == 1)
local set = function(x) v = x end
local ok, msg = pcall(set, io.stdout)
assert(not ok and msg:find("Memory.f<upvalue v>: cannot persist", 1, true), msg)
assert(v == 1)
