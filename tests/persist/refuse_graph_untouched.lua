local g = {a = {b = {c = {}}}}
g.a.b.c.bad = string.gmatch("a", "a")
local ok, msg = pcall(function() Memory.g = g end)
assert(not ok and msg:find("Memory.g.a.b.c.bad: cannot persist a C function", 1, true), msg)
assert(Memory.g == nil)
g.a.b.c.bad = nil
g.a.x = io.stdout   -- not stored: nothing refuses that
g.a.x = nil
Memory.g = g
--- restart
assert(Memory.g.a.b.c.bad == nil and Memory.g.a.b.c)
