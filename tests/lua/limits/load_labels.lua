local t = {}
for i = 1, 20000 do t[i] = "::a" .. i .. "::" end
local text = table.concat(t, " ")
while true do load(text) end
