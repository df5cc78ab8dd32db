-- A numeric loop of 30 million steps with integer and float arithmetic, in one activation.
local sum, product = 0, 1.0
for i = 1, 30000000 do
  sum = (sum + i * 3) & 0xFFFFFF
  product = product * 1.0000001
end
return string.format("%d %.6f", sum, product)
