local mt = {__close = function() while true do end end}
while true do
  local co = coroutine.create(function()
    local a <close> = setmetatable({}, mt)
    coroutine.yield()
  end)
  coroutine.resume(co)
  pcall(coroutine.close, co)
end
