local f = coroutine.wrap(function() end)
ext.permanent("gen", f)
ext.permanent("out", io.stdout)
Memory.f, Memory.out = f, io.stdout
--- restart
local g = coroutine.wrap(function() end)
ext.permanent("gen", g)
ext.permanent("out", io.stderr)
assert(Memory.f == g and Memory.out == io.stderr)
