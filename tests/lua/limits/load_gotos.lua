local t = {}
for i = 1, 20000 do t[i] = "goto a" .. i end
for i = 1, 20000 do t[#t + 1] = "::a" .. i .. "::" end
local text = "do " .. table.concat(t, " ") .. " end"
while true do load(text) end
