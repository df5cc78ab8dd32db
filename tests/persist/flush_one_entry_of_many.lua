local t = {}
for i = 1, 10000 do t["key" .. i] = i end
Memory.t = t
ext.flush()
--- restart
Memory.t.key5000 = "changed"
assert(ext.flush() == 1)
assert(ext.flush() == 0)
local n, sum = 0, 0
for k, v in pairs(Memory.t) do n = n + 1; if v ~= "changed" then sum = sum + v end end
assert(n == 10000 and sum == 10000 * 10001 // 2 - 5000)
--- restart
assert(Memory.t.key5000 == "changed" and Memory.t.key1 == 1 and Memory.t.key10000 == 10000)
