Memory.body = function(a) local b = coroutine.yield(a + 1); return b * 2 end
--- restart
local co = coroutine.wrap(Memory.body)
assert(co(1) == 2 and co(21) == 42)
