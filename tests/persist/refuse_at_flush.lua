local conn = 1
Memory.f = function() return conn end
Memory.a = 1
ext.flush()
conn = io.stdout
Memory.b = 2
local ok, msg = pcall(ext.flush)
assert(not ok and msg:find("Memory.f<upvalue conn>: cannot persist a userdata (FILE*)", 1, true), msg)
conn = 2
Memory.c = 3
ext.flush()
--- restart
assert(Memory.f() == 2 and Memory.a == 1 and Memory.b == 2 and Memory.c == 3)
