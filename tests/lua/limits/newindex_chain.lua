local base = setmetatable({}, {__newindex = function() end})
local t = base
for i = 1, 1900 do t = setmetatable({}, {__newindex = t}) end
while true do t.x = 1 end
