-- Strings put together: by "..", and by table.concat.
local parts, length = {}, 0
for i = 1, 200000 do
  parts[i] = "item " .. i .. ";"
end
local text = table.concat(parts)
local line = ""
for i = 1, 5000 do
  line = line .. i .. ","
end
for i = 1, #text, 100 do
  length = length + #text:sub(i, i + 49) + #text:sub(i, i):rep(3)
end
return #text .. " " .. #line .. " " .. length
