local conn = io.stdout
local ok, msg = pcall(function() Memory.f = function() return conn end end)
assert(not ok and msg:find("Memory.f<upvalue conn>: cannot persist a userdata (FILE*)", 1, true), msg)
assert(Memory.f == nil)
