-- table.sort with a function in Lua.
local seed = 42
local function random ()
  seed = (seed * 3877 + 29573) % 139968
  return seed
end

local points = {}
for i = 1, 60000 do points[i] = {x = random() % 1000, y = i} end
table.sort(points, function (a, b)
  if a.x ~= b.x then return a.x < b.x end
  return a.y < b.y
end)
return points[1].y .. " " .. points[30000].y
