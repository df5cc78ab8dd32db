-- Objects that live for a moment.
local sum = 0
for i = 1, 1500000 do
  local point = {x = i, y = i + 1}
  sum = sum + point.x - point.y
end
for i = 1, 200000 do
  sum = sum + #("s" .. i)
end
return tostring(sum)
