-- Protected calls that meet no error.
local function add (a, b) return a + b end

local sum = 0
for i = 1, 2000000 do
  local _, value = pcall(add, i, 1)
  sum = sum ~ value
end
return tostring(sum)
