-- string.format, tostring and tonumber.
local length, sum = 0, 0
for i = 1, 60000 do
  length = length + #string.format("%d %5.2f %s %x %q", i, i / 7, "name", i, "a\n")
  length = length + #tostring(i / 4) + #tostring(i)
  sum = sum + tonumber("0x" .. string.format("%x", i)) + tonumber(string.format("%.3f", i / 8))
end
return length .. " " .. string.format("%.3f", sum)
