local mt = {__index = {a = 1}}
ext.permanent("mt", mt)
Memory.t = setmetatable({b = 2}, mt)
--- restart
assert(Memory.t.b == 2)
local ok, msg = pcall(function() return Memory.t.a end)
assert(not ok and msg:find("Memory.t<metatable>", 1, true), msg)
ext.permanent("mt", {__index = {a = 3}})
assert(Memory.t.a == 3 and Memory.t.b == 2)
