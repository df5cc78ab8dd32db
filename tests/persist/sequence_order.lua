local t = {}
for i = 1, 1000 do t[i] = i * i end
Memory.t = t
--- restart
local t = Memory.t
assert(#t == 1000)
for i, v in ipairs(t) do assert(v == i * i) end
t[#t + 1] = "new"
table.remove(t, 1)
assert(#t == 1000)
--- restart
local t = Memory.t
assert(#t == 1000 and t[1] == 4 and t[999] == 1000000 and t[1000] == "new")
