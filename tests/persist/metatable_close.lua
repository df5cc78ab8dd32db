Memory.log = {}
Memory.c = setmetatable({}, {__close = function() Memory.log[#Memory.log + 1] = "closed" end})
--- restart
do local c <close> = Memory.c end
--- restart
assert(#Memory.log == 1 and Memory.log[1] == "closed")
