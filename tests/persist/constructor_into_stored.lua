local function f() return 1, 2, 3 end
Memory.t = {f(), f()}
Memory.big = {}
local src = {}
for i = 1, 200 do src[i] = i end
Memory.big = {table.unpack(src)}
--- restart
assert(#Memory.t == 4 and #Memory.big == 200 and Memory.big[200] == 200)
