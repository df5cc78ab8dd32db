Memory.t = {1, 2, 3}
--- restart
assert(#Memory.t == 3)
--- restart
local n = 0
for _ in ipairs(Memory.t) do n = n + 1 end
assert(n == 3)
--- restart
assert(select("#", table.unpack(Memory.t)) == 3)
