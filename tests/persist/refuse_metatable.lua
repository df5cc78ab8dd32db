local p = {}
Memory.p = p
local ok, msg = pcall(setmetatable, p, {x = io.stdout})
assert(not ok and msg:find("Memory.p<metatable>.x: cannot persist", 1, true), msg)
assert(getmetatable(p) == nil)
local q = setmetatable({}, {__index = {deep = print, bad = string.gmatch("a", "a")}})
local ok, msg = pcall(function() Memory.q = q end)
assert(not ok and msg:find("Memory.q<metatable>.__index.bad", 1, true), msg)
