-- Building and taking apart strings: concatenation, format, gsub, gmatch, table.concat.
local parts = {}
for i = 1, 100000 do
  parts[#parts + 1] = "item " .. i .. string.format("=%05.1f;", i / 7)
end
local text = table.concat(parts)

local words, digits = 0, 0
for word in string.gmatch(text, "%a+") do
  words = words + #word
end
text = string.gsub(text, "%d", function (digit)
  digits = digits + tonumber(digit)
  return "#"
end)
local upper = 0
for i = 1, #text, 10 do
  upper = upper + string.byte(string.upper(string.sub(text, i, i + 9)))
end
return string.format("%d %d %d %d", #text, words, digits, upper)
