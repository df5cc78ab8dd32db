-- Tables of tables of floats: products of square matrices.
local n = 120

local function make (seed)
  local m = {}
  for i = 1, n do
    local row = {}
    for j = 1, n do row[j] = ((i * seed + j) % 17) / 8.0 end
    m[i] = row
  end
  return m
end

local function product (a, b)
  local c = {}
  for i = 1, n do
    local row, ai = {}, a[i]
    for j = 1, n do
      local sum = 0.0
      for k = 1, n do sum = sum + ai[k] * b[k][j] end
      row[j] = sum
    end
    c[i] = row
  end
  return c
end

local a, b = make(3), make(5)
local c
for _ = 1, 3 do c = product(a, b) end
return string.format("%.3f %.3f", c[1][1], c[n][n])
