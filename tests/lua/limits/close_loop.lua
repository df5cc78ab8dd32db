local mt = {__close = function() while true do end end}
while true do
  pcall(function()
    local a <close> = setmetatable({}, mt)
    local b <close> = setmetatable({}, mt)
    error("x")
  end)
end
