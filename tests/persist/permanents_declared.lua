Class = {}
Class.__index = Class
function Class:hello() return "old hello " .. self.name end
ext.permanent("Class", Class)
Memory.o = setmetatable({name = "o"}, Class)
--- restart
Class = {}
Class.__index = Class
function Class:hello() return "new hello " .. self.name end
ext.permanent("Class", Class)
assert(getmetatable(Memory.o) == Class)
assert(Memory.o:hello() == "new hello o")
