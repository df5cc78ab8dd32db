local Animal = {}; Animal.__index = Animal
function Animal:speak() return self.name .. " makes " .. self:sound() end
function Animal:sound() return "noise" end
local Dog = setmetatable({}, {__index = Animal}); Dog.__index = Dog
function Dog:sound() return "woof" end
Memory.rex = setmetatable({name = "Rex"}, Dog)
Memory.thing = setmetatable({name = "Thing"}, Animal)
--- restart
assert(Memory.rex:speak() == "Rex makes woof")
assert(Memory.thing:speak() == "Thing makes noise")
local Dog = getmetatable(Memory.rex)
assert(getmetatable(Dog).__index == getmetatable(Memory.thing))
function Dog:sound() return "WOOF" end
--- restart
assert(Memory.rex:speak() == "Rex makes WOOF")
