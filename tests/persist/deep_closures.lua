local function make(f) return function() return f end end
local f = function() return nil end
for i = 1, 20000 do f = make(f) end
Memory.f = f
--- restart
local n, f = 0, Memory.f
while f do f = f(); n = n + 1 end
assert(n == 20001, n)
