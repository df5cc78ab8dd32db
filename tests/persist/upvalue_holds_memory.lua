local M = Memory
Memory.get = function(k) return M[k] end
Memory.x = 5
--- restart
assert(Memory.get("x") == 5 and select(2, debug.getupvalue(Memory.get, 1)) == Memory)
