local function range(a, b) return coroutine.wrap(function() for i = a, b do coroutine.yield(i) end end) end
Memory.f = range(1, 4)
Memory.g = Memory.f
Memory.unused = range(7, 8)
assert(Memory.f() == 1)
local n = 0
for i in Memory.f do n = n + i; if i == 2 then break end end
assert(n == 2)
--- restart
assert(Memory.f == Memory.g and rawequal(Memory.f, Memory.g) and type(Memory.f) == "function")
assert(debug.getinfo(Memory.f, "S").what == "C")
assert(Memory.g() == 3 and Memory.unused() == 7)
--- restart
local all = {}
for i in Memory.f do all[#all + 1] = i end
assert(#all == 1 and all[1] == 4)
local ok, msg = pcall(Memory.f)
assert(not ok and msg:find("cannot resume dead coroutine"), msg)
assert(Memory.unused() == 8)
--- restart
assert(not pcall(Memory.f) and Memory.unused() == nil)
-- one whose coroutine has failed, and one that knows its own coroutine
Memory.bad = coroutine.wrap(function() coroutine.yield() error({code = 7}) end)
Memory.bad()
Memory.self = coroutine.wrap(function() while true do coroutine.yield((coroutine.running())) end end)
Memory.thread = Memory.self()
--- restart
local ok, e = pcall(Memory.bad)
assert(not ok and e.code == 7)
assert(type(Memory.thread) == "thread" and Memory.self() == Memory.thread)
assert(coroutine.status(Memory.thread) == "suspended")
--- restart
assert(not pcall(Memory.bad))
assert(Memory.thread == Memory.self())
