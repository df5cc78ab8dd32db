Memory.t = {x = {y = 1}}
Memory.f = function() return 5 end
--- restart
local t, f = Memory.t, Memory.f
Memory.t, Memory.f = nil, nil
Memory.u = 1
--- restart
assert(Memory.t == nil and Memory.f == nil and Memory.u == 1)
