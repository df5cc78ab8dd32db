local mt = {__close = function() while true do end end}
while true do
  for _ in coroutine.wrap(function()
    local a <close> = setmetatable({}, mt)
    local b <close> = setmetatable({}, mt)
    while true do pcall(coroutine.yield, 1) end
  end) do
    local c <close> = setmetatable({}, mt)
    break
  end
end
