-- Float arithmetic in small functions: the spectral norm of a matrix that is computed, not stored.
local function entry (i, j)
  local k = i + j - 1
  return 1.0 / (k * (k - 1) * 0.5 + i)
end

local function multiply (n, from, to, transposed)
  for i = 1, n do
    local sum = 0.0
    for j = 1, n do
      sum = sum + (transposed and entry(j, i) or entry(i, j)) * from[j]
    end
    to[i] = sum
  end
end

local n = 220
local u, v, w = {}, {}, {}
for i = 1, n do u[i] = 1.0 end
for _ = 1, 6 do
  multiply(n, u, w, false)
  multiply(n, w, v, true)
  multiply(n, v, w, false)
  multiply(n, w, u, true)
end
local uv, vv = 0.0, 0.0
for i = 1, n do
  uv, vv = uv + u[i] * v[i], vv + v[i] * v[i]
end
return string.format("%.9f", math.sqrt(uv / vv))
