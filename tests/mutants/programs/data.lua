-- Data of each type, shared, nested and in cycles; functions by their text, with upvalues that they share; metatables; handles.
local n = 1
Memory.add = function (k) n = n + k; return n end
Memory.get = function () return n end
Memory.list = {1, 2.5, "three", true, {4, {5}}}
Memory.same = Memory.list[5]
Memory.loop = {}
Memory.loop.self = Memory.loop
Memory[1], Memory[-1], Memory[0.5], Memory[true] = math.maxinteger, -0.0, 1 / 0, false
local class = {name = "class"}
class.__index = class
function class:area () return self.w * self.h end
Memory.box = setmetatable({w = 2, h = 3}, class)
Memory.handle = ext.table()
Memory.handle.key, Memory.handle.list = "value", Memory.list
Memory.sine, Memory.string, Memory.global = math.sin, string, _G
Memory.named = load("local a = ... return function (x) return a, x end", "=named")(7)
Memory.deep = (function () local a = 1; return function () local function f () a = a + 1; return a end; return f() end end)()
