--- expect-error: Memory.f<upvalue conn>
local conn = "before"
Memory.f = function() return conn end
conn = io.stdout
Memory.b = 2
--- restart
assert(Memory.b == 2 and Memory.f() == nil)
