-- table.sort with the language's own comparison: integers, and strings.
local seed = 42
local function random ()
  seed = (seed * 3877 + 29573) % 139968
  return seed
end

local numbers, words = {}, {}
for i = 1, 150000 do numbers[i] = random() end
for i = 1, 30000 do words[i] = "w" .. random() end
table.sort(numbers)
table.sort(words)
return numbers[1] .. " " .. numbers[75000] .. " " .. words[15000]
