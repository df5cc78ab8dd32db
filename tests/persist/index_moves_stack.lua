-- A metamethod that is found when its table is first touched may need more stack than there is.
local function deep(n) if n == 0 then return 0 end return 1 + deep(n - 1) end
Memory.t = setmetatable({}, {__index = function(t, k) return deep(k) end})
Memory.u = setmetatable({}, {__index = setmetatable({}, {__index = function(t, k) return deep(k) end})})
--- restart
local function deeper(n) return Memory.t[n] end
for i = 1, 4 do
  local co = coroutine.wrap(function(...) local v = deeper(i * 500) coroutine.yield() return v end)
  co()
  assert(co() == i * 500)
end
--- restart
assert(coroutine.wrap(function() return Memory.u[1500] end)() == 1500)
