-- Makes the state that check.lua looks at.
local n = 41
Memory.count = function() n = n + 1; return n end
Memory.peek = function() return n end
local Point = {}
Point.__index = Point
function Point:sum() return self.x + self.y end
Memory.point = setmetatable({x = 1, y = 2.5}, Point)
Memory.list = {10, 20, 30, inner = {}}
Memory.same = Memory.list
Memory.list.inner.back = Memory.list
Memory.bytes = "\0\255\r\n"
Memory.integer, Memory.float, Memory.flag = math.maxinteger, 1.0, false
Memory.sine = math.sin
Memory[1.5], Memory[true] = "float key", "boolean key"
local big = ext.table()
for i = 1, 200 do big["key " .. i * 7 % 200] = i end
Memory.big = big
