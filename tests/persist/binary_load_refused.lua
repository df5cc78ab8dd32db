local d = string.dump(function() return 1 end)
local f, msg = load(d)
assert(f == nil and msg:find("binary", 1, true), msg)
assert(load(d, "x", "b") == nil)
