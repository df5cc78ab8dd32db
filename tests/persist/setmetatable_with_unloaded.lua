Memory.class = {__index = {v = 7}, __add = function() return "added" end}
--- restart
local o = setmetatable({}, Memory.class)
assert(o.v == 7 and o + 1 == "added")
--- restart
local o = {}
debug.setmetatable(o, Memory.class)
assert(o.v == 7)
