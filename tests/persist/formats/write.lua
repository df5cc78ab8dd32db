-- What the stores beside this file hold: each was left by this program under the format in its name.
local n = 10
local function add (k) n = n + k; return n end
local function get () return n end
local class = {}
class.__index = class
function class.area (self) return self.w * self.h end
Memory.name, Memory.pi, Memory.big, Memory.yes = "fixture\0\255", 3.5, math.mininteger, true
Memory.list = {1, 2, {3}}
Memory.add, Memory.get = add, get
Memory.box = setmetatable({w = 3, h = 4}, class)
Memory.sin, Memory.lib, Memory.global = math.sin, string, _G
Memory.handle = ext.table()
Memory.handle.key = "kept"
Memory.handle.f = math.max
Memory.handle.own = Memory.list
Memory.loop = {}
Memory.loop.self = Memory.loop
Memory.named = load("return function (x) return x .. '!' end", "=named")()

-- From the third one on: suspended coroutines, which only the version of Lua goes on with that is in the name.
Memory.generator = coroutine.create(function (n)
  while true do
    pcall(function () for i = 1, 3 do n = n + 1; coroutine.yield(n, i) end end)
  end
end)
Memory.count = select(2, coroutine.resume(Memory.generator, 100))
Memory.wrapped = coroutine.wrap(function (...) while true do coroutine.yield(...) end end)
Memory.wrapped("a", "b")
