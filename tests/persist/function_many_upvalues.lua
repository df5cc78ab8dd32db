local src = {}
for i = 1, 180 do src[#src + 1] = "local v" .. i .. " = " .. i end
src[#src + 1] = "return function() return v1"
for i = 2, 180 do src[#src + 1] = "+ v" .. i end
src[#src + 1] = " end"
Memory.f = load(table.concat(src, "\n"))()
--- restart
assert(Memory.f() == 180 * 181 // 2)
