local f = function() end
Memory.f, Memory.g, Memory.list = f, f, {f}
assert(Memory.f == f)
--- restart
assert(Memory.f == Memory.g and Memory.list[1] == Memory.f)
