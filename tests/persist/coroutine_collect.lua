-- What only a coroutine reaches is kept, what nothing reaches any more is not.
do
  local kept = {name = "kept", {1}}
  local big = {name = "closure"}
  Memory.co = coroutine.wrap(function()
    local t = kept
    local f = function() return big.name end
    coroutine.yield()
    coroutine.yield(t.name .. t[1][1] .. f())
    coroutine.yield("last")
  end)
  Memory.co()
end
Memory.gone = coroutine.wrap(function() local t = {"gone"}; coroutine.yield(t); return t end)
Memory.gone()
--- collect
--- restart
Memory.gone = nil
--- collect
--- restart
assert(Memory.co() == "kept1closure")
--- collect
--- restart
assert(Memory.co() == "last")
Memory.dead = Memory.co
Memory.co()
--- collect
--- restart
assert(not pcall(Memory.dead))
-- what a program holds goes on when it is dropped
local co = coroutine.create(function() local t = {1}; while true do t[1] = t[1] + 1; coroutine.yield(t[1]) end end)
Memory.tmp = co
ext.flush()
coroutine.resume(co)
Memory.tmp = nil
ext.flush()
assert(select(2, coroutine.resume(co)) == 3)
assert(debug.setlocal(co, 1, 1, {io.stdout}))
