Memory.m = {__gc = function(o) collected = (collected or 0) + 1 end}
Memory.o = setmetatable({}, Memory.m)
--- restart
assert(type(getmetatable(Memory.o).__gc) == "function")
Memory.o = nil
ext.flush()
collectgarbage(); collectgarbage()
assert(collected == 1)
