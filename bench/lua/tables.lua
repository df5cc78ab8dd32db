-- Array and hash access, insertion, removal, sorting, and the garbage they leave.
local sieve, count = {}, 0
for i = 2, 1000000 do
  sieve[i] = true
end
for i = 2, 1000000 do
  if sieve[i] then
    count = count + 1
    for j = i * i, 1000000, i do
      sieve[j] = false
    end
  end
end

local names = {}
for i = 1, 200000 do
  names["key" .. i % 5000] = (names["key" .. i % 5000] or 0) + i
end

local points = {}
local seed = 42
for i = 1, 100000 do
  seed = (seed * 1103515245 + 12345) % 2147483648
  points[i] = {x = seed % 1000, y = i}
end
table.sort(points, function (a, b)
  if a.x ~= b.x then
    return a.x < b.x
  end
  return a.y < b.y
end)

local queue = {}
for i = 1, 300 do
  table.insert(queue, 1, i)
end
while #queue > 1 do
  table.insert(queue, table.remove(queue, 1) + table.remove(queue))
end
return string.format("%d %d %d %d", count, names.key7, points[50000].y, queue[1])
