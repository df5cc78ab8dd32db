local t = {}
Memory.t = t
local cur = t
for i = 1, 100 do
  local m = {i = i}
  m.__index = m
  setmetatable(cur, m)
  cur = m
end
--- restart
local n, cur = 0, Memory.t
while getmetatable(cur) do cur = getmetatable(cur); n = n + 1; assert(cur.i == n) end
assert(n == 100)
assert(Memory.t.i == 1)
