Memory.a, Memory.b = {}, {}
--- restart
local set = {[Memory.a] = "a", [Memory.b] = "b"}
collectgarbage()
assert(set[Memory.a] == "a" and set[Memory.b] == "b")
