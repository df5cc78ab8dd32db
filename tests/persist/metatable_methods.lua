Point = {}
Point.__index = Point
function Point.new(x, y) return setmetatable({x = x, y = y}, Point) end
function Point:len2() return self.x * self.x + self.y * self.y end
Point.__add = function(a, b) return Point.new(a.x + b.x, a.y + b.y) end
Point.__eq = function(a, b) return a.x == b.x and a.y == b.y end
Point.__tostring = function(p) return "(" .. p.x .. "," .. p.y .. ")" end
Point.__len = function() return 77 end
Point.__call = function(self, k) return self[k] end
Point.__concat = function(a, b) return "cat" end
Point.__lt = function(a, b) return a:len2() < b:len2() end
Point.__le = function(a, b) return a:len2() <= b:len2() end
Point.__unm = function(a) return Point.new(-a.x, -a.y) end
Memory.p = Point.new(3, 4); Memory.q = Point.new(3, 4); Memory.r = Point.new(1, 1)
Memory.Point = Point
--- restart
assert(Memory.p:len2() == 25)
--- restart
-- 'Point' here is Memory.Point: the old program's global is gone
Point = Memory.Point
local s = Memory.p + Memory.r
assert(s.x == 4 and s.y == 5 and getmetatable(s) == getmetatable(Memory.p))
--- restart
assert(Memory.p == Memory.q and Memory.p ~= Memory.r)
--- restart
assert(tostring(Memory.p) == "(3,4)")
--- restart
assert(#Memory.p == 77)
--- restart
assert(Memory.p("x") == 3)
--- restart
assert(Memory.p .. "x" == "cat")
--- restart
assert(Memory.r < Memory.p and Memory.r <= Memory.p and not (Memory.p < Memory.r))
--- restart
Point = Memory.Point
assert((-Memory.p).x == -3)
--- restart
assert(getmetatable(Memory.p) == Memory.Point)
