-- A numeric loop with float arithmetic, in one activation.
local product, x = 1.0, 0.0
for _ = 1, 10000000 do
  product = product * 1.0000001
  x = x + product / 3.0 - x * 0.5
end
return string.format("%.6f %.6f", product, x)
