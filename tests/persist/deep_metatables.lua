local t = {}
Memory.t = t
local cur = {}
local top = cur
for i = 1, 20000 do local m = {}; setmetatable(cur, m); cur = m end
Memory.top = top
--- restart
local n, cur = 0, Memory.top
while getmetatable(cur) do cur = getmetatable(cur); n = n + 1 end
assert(n == 20000)
