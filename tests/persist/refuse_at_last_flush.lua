--- expect-error: Memory.f<upvalue conn>: cannot persist a userdata (FILE*)
--- expect-kind: persist
local conn = "before"
Memory.f = function() return conn end
ext.flush()
conn = io.stdout
Memory.b = 2
--- restart
assert(Memory.b == 2 and Memory.f() == "before")
