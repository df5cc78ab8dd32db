Memory.t = setmetatable({}, {__pairs = function(t) return function(_, k) if not k then return 1, "one" end end, t, nil end})
--- restart
local n = 0
for k, v in pairs(Memory.t) do assert(k == 1 and v == "one"); n = n + 1 end
assert(n == 1)
