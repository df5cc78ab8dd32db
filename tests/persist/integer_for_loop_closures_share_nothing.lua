local fs = {}
for i = 1, 3 do local v = i * 10; fs[i] = {get = function() return v end, set = function(x) v = x end} end
Memory.fs = fs
--- restart
Memory.fs[2].set(99)
assert(Memory.fs[1].get() == 10 and Memory.fs[2].get() == 99 and Memory.fs[3].get() == 30)
--- restart
assert(Memory.fs[1].get() == 10 and Memory.fs[2].get() == 99 and Memory.fs[3].get() == 30)
