-- What a coroutine does is stored, and only what it has done.
Memory.a = coroutine.wrap(function() local n = 0; while true do n = n + 1; coroutine.yield(n) end end)
Memory.b = coroutine.wrap(function() local n = 0; local f = function() n = n + 1; return n end; while true do coroutine.yield(f()) end end)
assert(Memory.a() == 1 and Memory.b() == 1)
assert(ext.flush() > 0 and ext.flush() == 0)
assert(Memory.a() == 2)
assert(ext.flush() == 1 and ext.flush() == 0)
assert(Memory.b() == 2)
assert(ext.flush() == 2)  -- its own record and that of the variable
--- restart
assert(type(Memory.a) == "function" and type(Memory.b) == "function")
assert(ext.flush() == 0)  -- reading is no change
assert(Memory.a() == 3 and ext.flush() == 1)
local t = {}
Memory.c = coroutine.wrap(function() while true do t[#t + 1] = {}; coroutine.yield(#t) end end)
assert(Memory.c() == 1)
ext.flush()
assert(Memory.c() == 2 and Memory.c() == 3)
--- restart
assert(Memory.a() == 4 and Memory.b() == 3 and Memory.c() == 4)
-- variables set from outside
Memory.d = coroutine.create(function() local v = 1; while true do coroutine.yield(v) end end)
coroutine.resume(Memory.d)
ext.flush()
assert(debug.setlocal(Memory.d, 1, 1, 5) == "v" and ext.flush() == 1)
--- restart
assert(select(2, coroutine.resume(Memory.d)) == 5)
coroutine.close(Memory.d)
--- restart
assert(coroutine.status(Memory.d) == "dead")
