-- a finaliser that makes the next one
local mt = {}
function mt.__gc(o)
  for i = 1, 100 do setmetatable({}, mt) end
  while true do pcall(collectgarbage) end
end
setmetatable({}, mt)
collectgarbage()
while true do local t = {} end
