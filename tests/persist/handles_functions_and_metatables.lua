local h = ext.table()
Memory.h = h
h.f = function(x) return x + 1 end
h.o = setmetatable({}, {__index = {v = 9}})
h.print = print
--- restart
assert(Memory.h.f(1) == 2 and Memory.h.o.v == 9 and Memory.h.print == print)
