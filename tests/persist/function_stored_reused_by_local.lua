Memory.f = function() return "ok" end
--- restart
local f = Memory.f
Memory.g = f
Memory.f = nil
--- restart
assert(Memory.f == nil and Memory.g() == "ok")
