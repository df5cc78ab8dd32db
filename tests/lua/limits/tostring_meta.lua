local t = setmetatable({}, {__tostring = function() while true do pcall(tostring, nil) end end})
while true do pcall(tostring, t) pcall(print, t) end
