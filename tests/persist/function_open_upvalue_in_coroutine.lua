local co = coroutine.wrap(function()
  local v = 0
  Memory.get = function() return v end
  while true do v = v + 1; coroutine.yield() end
end)
co() co() co()
ext.flush()
co()
--- restart
assert(Memory.get() == 4)
