Memory.env = setmetatable({}, {__index = _G})
--- restart
assert(Memory.env.print == print and getmetatable(Memory.env).__index == _G)
