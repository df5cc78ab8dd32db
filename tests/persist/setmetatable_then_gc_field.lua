local log = {}
Memory.o = setmetatable({}, {__gc = function() end, __mode = "k", __name = "Thing"})
--- restart
local mt = getmetatable(Memory.o)
assert(mt.__mode == "k" and mt.__name == "Thing" and mt.__gc)
assert(tostring(Memory.o):find("^Thing: "))
local ok, msg = pcall(function() return Memory.o + 1 end)
assert(msg:find("Thing value", 1, true), msg)
