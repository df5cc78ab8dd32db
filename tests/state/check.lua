-- Holds for the state that make.lua made, whoever stored it, exported it and opened it.
assert(Memory.count() == 42 and Memory.count() == 43 and Memory.peek() == 43)
assert(Memory.point:sum() == 3.5 and math.type(Memory.point.x) == "integer")
assert(#Memory.list == 3 and Memory.list[3] == 30)
assert(Memory.same == Memory.list and Memory.list.inner.back == Memory.list)
assert(Memory.bytes == "\0\255\r\n")
assert(Memory.integer == math.maxinteger and math.type(Memory.float) == "float" and Memory.flag == false)
assert(Memory.sine == math.sin)
assert(Memory[1.5] == "float key" and Memory[true] == "boolean key")
local i = 0
for key, value in pairs(Memory.big) do
  i = i + 1
  assert(value == i and key == "key " .. i * 7 % 200, key)
end
assert(i == 200 and #Memory.big == 200)
return "ok"
