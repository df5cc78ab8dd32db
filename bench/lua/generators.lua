-- Coroutines as generators: many short ones, and one inside the other.
local function range (n)
  return coroutine.wrap(function ()
    for i = 1, n do coroutine.yield(i) end
  end)
end

local function filter (source, keep)
  return coroutine.wrap(function ()
    for value in source do
      if keep(value) then coroutine.yield(value) end
    end
  end)
end

local sum = 0
for _ = 1, 20000 do
  for i in range(5) do sum = sum + i end
end
for i in filter(filter(range(150000), function (i) return i % 2 == 0 end), function (i) return i % 3 == 0 end) do
  sum = sum + i
end
return tostring(sum)
