Memory.t = setmetatable({1}, {__metatable = "locked"})
--- restart
assert(getmetatable(Memory.t) == "locked")
assert(not pcall(setmetatable, Memory.t, {}))
assert(Memory.t[1] == 1)
