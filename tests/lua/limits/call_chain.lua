local mt = {}
local t = setmetatable({}, mt)
mt.__call = t
while true do pcall(t) end
