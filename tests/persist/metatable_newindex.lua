local log = {}
Memory.log = log
Memory.t = setmetatable({}, {__newindex = function(t, k, v) log[#log + 1] = k; rawset(t, k, v) end})
Memory.t.a = 1
Memory.t.a = 2
Memory.fwd = setmetatable({}, {__newindex = Memory.log})
Memory.fwd.x = "forwarded"
--- restart
Memory.t.b = 1
Memory.fwd.y = "too"
--- restart
assert(table.concat(Memory.log, ",") == "a,b" and Memory.t.a == 2 and Memory.t.b == 1)
assert(Memory.log.x == "forwarded" and Memory.log.y == "too" and rawget(Memory.fwd, "x") == nil)
