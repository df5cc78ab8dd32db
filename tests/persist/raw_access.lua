Memory.t = {a = 1, 10, 20}
--- restart
assert(rawget(Memory, "t") ~= nil)
assert(rawget(Memory.t, "a") == 1)
--- restart
assert(rawlen(Memory.t) == 2)
--- restart
local t = Memory.t
rawset(t, "b", 2)
assert(t.a == 1 and rawget(t, "b") == 2)
--- restart
local k = {}
for key in next, Memory.t do k[#k + 1] = tostring(key) end
table.sort(k)
assert(table.concat(k, ",") == "1,2,a,b")
--- restart
assert(rawequal(Memory.t, Memory.t) and not rawequal(Memory.t, {}))
