-- A large structure that stays, while others come and go: a tree whose branches are replaced.
local function tree (depth)
  if depth == 0 then return {1} end
  return {tree(depth - 1), tree(depth - 1)}
end

local function count (node)
  local left, right = node[1], node[2]
  if not right then return 1 end
  return count(left) + count(right)
end

local root = tree(15)
local sum = 0
for i = 1, 40 do
  local node = root
  for depth = 0, 4 do node = node[(i >> depth & 1) + 1] end
  node[1] = tree(9)
  sum = sum + count(node)
end
return sum .. " " .. count(root)
