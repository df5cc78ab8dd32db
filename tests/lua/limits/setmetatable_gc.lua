-- marking an old object for finalisation looks for it among all objects
local t = {}
for i = 1, 50000 do t[i] = {} end
local mt = {__gc = function() end}
for i = 1, 50000 do setmetatable(t[i], mt) end
while true do end
