-- string.find, gmatch and gsub over a text.
local lines = {}
for i = 1, 4000 do
  lines[i] = string.format("2026-%02d-%02d user%d@example.com GET /path/%d?q=%d", i % 12 + 1, i % 28 + 1, i % 97, i, i * 7)
end
local text = table.concat(lines, "\n")
local found, sum = 0, 0
for _ = 1, 3 do
  for month, day, user in text:gmatch("%d+%-(%d%d)%-(%d%d) (%w+)@") do
    found, sum = found + #user, sum + tonumber(month) * tonumber(day)
  end
end
local swapped, n = text:gsub("(%w+)@(%w+)", "%2@%1")
local at, count = 1, 0
while true do
  local from, to = text:find("/path/[%d]*5%?", at)
  if not from then break end
  at, count = to + 1, count + 1
end
return table.concat({found, sum, #swapped, n, count}, " ")
