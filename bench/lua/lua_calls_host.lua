-- Lua calls a function of the host: `host_add`, which adds two numbers.
local host_add = host_add
local sum = 0
for i = 1, 200000 do
  sum = host_add(sum, i) % 1000
end
return string.format("%d", sum)
