-- Metamethods of operators: which operand's is used, how many results count, comparisons, equality,
-- concatenation, length, call; and the errors when there is none.

local checks = 0

local function equal (got, want)
  checks = checks + 1
  if not rawequal(got, want) or math.type(got) ~= math.type(want) then
    error("got " .. tostring(got) .. ", want " .. tostring(want), 2)
  end
end

local function show (...)   -- the values as one line of text
  local t = table.pack(...)
  for i = 1, t.n do t[i] = tostring(t[i]) end
  return table.concat(t, " ")
end

local function raises (text, f, ...)   -- the error message contains the text
  checks = checks + 1
  local ok, err = pcall(f, ...)
  if ok or not string.find(tostring(err), text, 1, true) then
    error("want the error '" .. text .. "', got " .. tostring(err), 2)
  end
end

-- arithmetic and bitwise: every event, with the object on either side and on both
do
  local ops = {
    add = "+", sub = "-", mul = "*", div = "/", mod = "%", pow = "^", idiv = "//",
    band = "&", bor = "|", bxor = "~", shl = "<<", shr = ">>", concat = "..",
  }
  for ev, op in pairs(ops) do
    local seen
    local o = setmetatable({}, {["__" .. ev] = function (a, b, ...)
      seen = table.pack(a, b, ...)
      return ev, "dropped"
    end})
    local p = setmetatable({}, {["__" .. ev] = function () return "other" end})
    local f = load("local a, b = ...; return a " .. op .. " b")
    equal(show(f(o, 1)), ev); equal(seen[1], o); equal(seen[2], 1); equal(seen.n, 2)
    equal(f(1, o), ev); equal(seen[1], 1); equal(seen[2], o)
    equal(f(o, p), ev); equal(f(p, o), "other")
    equal(f(o, nil), ev); equal(f(nil, o), ev); equal(f(o, {}), ev); equal(f({}, o), ev)
    equal(f(o, 2.5), ev); equal(f(o, "s"), ev); equal(f("s", o), ev)
    equal(f(o, o), ev)
    -- constant operands, small and large, on both sides
    for _, k in ipairs {"1", "-1", "2", "100", "1000000", "1.5", "'k'", "nil", "true", "{}"} do
      local g = load("local a = ...; return a " .. op .. " " .. k)
      equal(g(o), ev)
      equal(seen[1], o)
      g = load("local a = ...; return (" .. k .. ") " .. op .. " a")
      equal(g(o), ev)
      equal(seen[2], o)
      local v = load("return " .. k)()
      if type(v) ~= "table" then equal(seen[1], v) end
    end
    -- no result counts as nil
    getmetatable(o)["__" .. ev] = function () end
    equal(f(o, 1), nil)
    -- a callable table is a metamethod too
    getmetatable(o)["__" .. ev] = setmetatable({}, {__call = function (self, a, b) return "called" end})
    equal(f(o, 1), "called")
    getmetatable(o)["__" .. ev] = 5
    raises("attempt to call a number value", f, o, 1)
    getmetatable(o)["__" .. ev] = nil
    raises("attempt to", f, o, 1)
  end
end
-- unary operators get the operand twice
do
  local seen
  local o = setmetatable({}, {
    __unm = function (...) seen = table.pack(...); return "unm" end,
    __bnot = function (...) seen = table.pack(...); return "bnot" end,
    __len = function (...) seen = table.pack(...); return "len" end,
  })
  equal(-o, "unm"); equal(seen.n, 2); equal(seen[1], o); equal(seen[2], o)
  equal(~o, "bnot"); equal(seen.n, 2); equal(seen[2], o)
  equal(#o, "len"); equal(seen.n, 2); equal(seen[1], o); equal(seen[2], o)
  equal(rawlen(o), 0)
  equal(-(~o == "bnot" and o), "unm")
end
raises("attempt to perform arithmetic on a table value (local 't')", function () local t = {}; return t + 1 end)
raises("attempt to perform arithmetic on a table value", function () return -{} end)
raises("attempt to perform bitwise operation on a table value", function () return ~{} end)
raises("attempt to get length of a number value (local 'n')", function () local n = 1; return #n end)
raises("attempt to get length of a nil value", function () return #nil end)
raises("attempt to concatenate a table value (local 't')", function () local t = {}; return "x" .. t end)

-- a value class
do
  local V = {}
  V.__index = V
  local function new (x, y) return setmetatable({x = x, y = y}, V) end
  V.__add = function (a, b) return new(a.x + b.x, a.y + b.y) end
  V.__mul = function (a, b)
    if type(a) == "number" then return new(a * b.x, a * b.y) end
    if type(b) == "number" then return new(a.x * b, a.y * b) end
    return a.x * b.x + a.y * b.y
  end
  V.__unm = function (a) return new(-a.x, -a.y) end
  V.__eq = function (a, b) return a.x == b.x and a.y == b.y end
  V.__lt = function (a, b) return a.x < b.x end
  V.__le = function (a, b) return a.x <= b.x end
  V.__tostring = function (a) return "(" .. a.x .. "," .. a.y .. ")" end
  V.__concat = function (a, b) return tostring(a) .. tostring(b) end
  V.__len = function (a) return 2 end
  V.__call = function (a, i) return i == 1 and a.x or a.y end
  local a, b = new(1, 2), new(3, 4)
  equal(tostring(a + b), "(4,6)")
  equal(tostring(2 * a), "(2,4)"); equal(tostring(a * 2), "(2,4)"); equal(a * b, 11)
  equal(tostring(-a), "(-1,-2)")
  equal(a == new(1, 2), true); equal(a ~= b, true); equal(a < b, true); equal(b <= a, false); equal(b >= a, true)
  equal(a .. b, "(1,2)(3,4)"); equal(a .. "!", "(1,2)!"); equal("<" .. a .. ">", "<(1,2)>")
  equal(#a, 2); equal(a(1), 1); equal(a(2), 2)
end

return "ok", checks
