-- One million switches into a coroutine and back.
local switches = 1000000

local co = coroutine.wrap(function ()
  local n = 0
  while true do
    n = n + coroutine.yield(n)
  end
end)

co()
local last
for _ = 1, switches do
  last = co(1)
end
return tostring(last)
