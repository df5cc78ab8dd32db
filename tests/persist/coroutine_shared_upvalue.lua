-- Variables of suspended functions that other functions share, whichever of them is loaded first.
local n = 0
Memory.one = coroutine.wrap(function() while true do n = n + 1; coroutine.yield(n) end end)
Memory.two = coroutine.wrap(function() while true do n = n + 10; coroutine.yield(n) end end)
assert(Memory.one() == 1 and Memory.two() == 11)
local function start()
  local v = 0
  Memory.get = function() return v end
  Memory.set = function(x) v = x end
  while true do v = v + 1; coroutine.yield(v) end
end
Memory.co = coroutine.create(start)
coroutine.resume(Memory.co)
--- restart
assert(Memory.two() == 21 and Memory.one() == 22)
assert(Memory.get() == 1)
Memory.set(5)                    -- before the coroutine is in memory
--- restart
assert(select(2, coroutine.resume(Memory.co)) == 6)  -- before the functions are
assert(Memory.get() == 6)
Memory.set(10)                   -- while it is open
assert(Memory.one() == 23 and Memory.two() == 33)
--- restart
Memory.set(20)
assert(Memory.get() == 20 and select(2, coroutine.resume(Memory.co)) == 21 and Memory.get() == 21)
--- restart
assert(Memory.get() == 21)
Memory.co = nil
collectgarbage()
Memory.set(22)
--- collect
--- restart
assert(Memory.get() == 22)
Memory.set({1})
--- restart
assert(Memory.get()[1] == 1)
--- restart
-- a function made in a coroutine that is stored already, found from elsewhere later
Memory.co = coroutine.wrap(function()
  local v = 1
  local f = function() v = v + 1; return v end
  coroutine.yield(f)
  while true do coroutine.yield(v) end
end)
late = Memory.co()
ext.flush()
Memory.late = late
assert(Memory.late() == 2)
--- restart
assert(Memory.co() == 2 and Memory.late() == 3 and Memory.co() == 3)
--- restart
-- loops have a variable for each turn
Memory.fs = {}
Memory.co = coroutine.wrap(function(fs)
  for i = 1, 3 do
    local v = i
    fs[i] = function(d) v = v + (d or 0); return v end
    coroutine.yield(v)
  end
end)
Memory.co(Memory.fs)
--- restart
assert(Memory.fs[1](100) == 101 and Memory.co() == 2)
--- restart
assert(Memory.fs[1]() == 101 and Memory.fs[2](200) == 202 and Memory.co() == 3 and Memory.co() == nil)
--- restart
assert(Memory.fs[1]() == 101 and Memory.fs[2]() == 202 and Memory.fs[3]() == 3)
