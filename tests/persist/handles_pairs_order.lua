local h = ext.table()
Memory.h = h
for i = 1, 100 do h["key" .. (i * 7 % 101)] = i end
--- restart
local n = 0
for k, v in pairs(Memory.h) do n = n + 1; assert(v == n and k == "key" .. (n * 7 % 101)) end
assert(n == 100 and #Memory.h == 100)
for k in pairs(Memory.h) do Memory.h[k] = nil end
assert(#Memory.h == 0)
