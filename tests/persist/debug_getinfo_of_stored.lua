Memory.f = function(a, b, ...) local c = a; return c end
--- restart
local i = debug.getinfo(Memory.f, "Su")
assert(i.what == "Lua" and i.nparams == 2 and i.isvararg and i.linedefined > 0)
assert(debug.getlocal(Memory.f, 1) == "a")
