local root = {}
local cur = root
for i = 1, 100000 do cur.next = {i = i}; cur = cur.next end
Memory.root = root
--- restart
local n, cur = 0, Memory.root
while cur.next do cur = cur.next; n = n + 1; assert(cur.i == n) end
assert(n == 100000)
