-- A numeric loop with integer arithmetic, in one activation.
local sum = 0
for i = 1, 15000000 do
  sum = (sum + i * 3 ~ i >> 2) & 0xFFFFFF
end
return tostring(sum)
