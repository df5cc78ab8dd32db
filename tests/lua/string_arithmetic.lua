-- Arithmetic on strings: what converts, to which subtype, what does not, and string metamethods.

local checks = 0

local function equal (got, want)
  checks = checks + 1
  if not rawequal(got, want) or math.type(got) ~= math.type(want) then
    error("got " .. tostring(got) .. ", want " .. tostring(want), 2)
  end
end

local function raises (text, f, ...)   -- the error message contains the text
  checks = checks + 1
  local ok, err = pcall(f, ...)
  if ok or not string.find(tostring(err), text, 1, true) then
    error("want the error '" .. text .. "', got " .. tostring(err), 2)
  end
end

equal("10" + 5, 15)
equal("10" + "5", 15)
equal("10" * "2", 20)
equal("10" - 3, 7)
equal("7" // "2", 3)
equal("7" % "4", 3)
equal("7" / "2", 3.5)
equal("2" ^ "3", 8.0)
equal(-"2", -2)
equal(-"-2", 2)
equal(-"0", 0)
equal(-"0.0", -0.0)
equal("0x10" + 0, 16)
equal("0x.8" + 0, 0.5)
equal("1e1" + 0, 10.0)
equal(" 10 " + 1, 11)
equal("\t10\n" + 1, 11)
equal("10." + 0, 10.0)
equal(".5" + 0, 0.5)
equal("-0x10" + 0, -16)
equal("1" + 1.0, 2.0)
equal("1.0" + 1, 2.0)
equal("9223372036854775807" + 1, math.mininteger)
equal("9223372036854775808" + 0, 2^63)
equal("0xffffffffffffffff" + 0, -1)
equal("0x1ffffffffffffffff" + 0, -1)
equal("-9223372036854775808" + 0, math.mininteger)
equal("10" // 0.0, 1/0)
raises("attempt to divide by zero", function () return "10" // "0" end)
raises("attempt to perform 'n%0'", function () return "10" % "0" end)

-- bitwise operators: strings do not convert, unlike in arithmetic
raises("attempt to perform bitwise operation on a string value (constant '3')", function () return "3" & 1 end)
raises("attempt to perform bitwise operation on a string value", function () return 1 | "0x0F" end)
raises("attempt to perform bitwise operation on a string value (constant '0')", function () return ~"0" end)
raises("attempt to perform bitwise operation on a string value", function () return "1" << "4" end)
raises("attempt to perform bitwise operation on a string value", function () return 256 >> "4" end)
raises("attempt to perform bitwise operation on a string value (constant 'abc')", function () return "abc" & 1 end)
raises("attempt to perform bitwise operation on a table value", function () return {} ~ "1" end)
raises("attempt to perform bitwise operation on a table value", function () return 1 & {} end)
equal(10 // 0.0, 1/0)

-- what does not convert
for _, s in ipairs {"", " ", "abc", "1x", "0x", "1e", "1 2", "--1", "1_000", "inf", "nan", "0x1p", "1\0", "٣", "1e+", ".", "+", "0b1"} do
  raises("attempt to add a 'string' with a 'number'", function () return s + 1 end)
  raises("attempt to sub a 'number' with a 'string'", function () return 1 - s end)
  raises("attempt to unm a 'string' with a 'string'", function () return -s end)
  equal(tonumber(s), nil)
end
raises("attempt to mul a 'string' with a 'number'", function () return "x" * 2 end)
raises("attempt to add a 'string' with a 'nil'", function () return "1" + nil end)
raises("attempt to add a 'string' with a 'table'", function () return "1" + {} end)
raises("attempt to add a 'boolean' with a 'string'", function () return true + "1" end)

-- comparison and equality never convert
equal("10" == 10, false)
equal(0 == "0", false)
raises("attempt to compare number with string", function () return 1 < "2" end)
raises("attempt to compare string with number", function () return "1" <= 2 end)
equal("10" < "9", true)
equal("a" < "b", true)
equal("" < "a", true)
equal("a" < "a\0", true)
equal("a\0a" < "a\0b", true)
equal("a\0b" < "a", false)
equal("Z" < "a", true)
equal("a" <= "a", true)
equal("abc" > "ab", true)

-- concatenation converts numbers
equal(1 .. 2, "12")
equal(1.5 .. "", "1.5")
equal(2.0 .. "|", "2.0|")
equal(-0.0 .. "", "-0.0")
equal(10 .. "a" .. 20 .. 1e100, "10a201e+100")
equal(math.mininteger .. "", "-9223372036854775808")
raises("attempt to concatenate a nil value", function () return "x" .. nil end)
raises("attempt to concatenate a table value", function () return {} .. "x" end)
raises("attempt to concatenate a boolean value", function () return 1 .. true end)

-- a numeric for converts them (a start or step makes the loop one over floats)
do
  local seen = {}
  for i = "1", 2 do seen[#seen + 1] = tostring(i) end
  for i = 1, "0x2" do seen[#seen + 1] = tostring(i) end
  for i = 1, 2, "1" do seen[#seen + 1] = tostring(i) end
  equal(table.concat(seen, " "), "1.0 2.0 1 2 1.0 2.0")
end
raises("bad 'for' initial value (number expected, got string)", function () for i = "x", 2 do end end)
raises("bad 'for' limit (number expected, got string)", function () for i = 1, "x" do end end)
raises("bad 'for' step (number expected, got string)", function () for i = 1, 2, "" do end end)

-- the metamethods of strings are ordinary functions in their metatable
do
  local mt = getmetatable("")
  equal(mt.__index, string)
  equal(getmetatable("x"), mt)
  equal(mt.__add("2", 3), 5)
  equal(mt.__mod("7", "4"), 3)
  equal(mt.__unm("3"), -3)
  for _, ev in ipairs {"add", "sub", "mul", "div", "mod", "pow", "unm", "idiv"} do
    equal(type(mt["__" .. ev]), "function")
  end
  -- the other operand's metamethod is used when a string does not convert
  local t = setmetatable({}, {__add = function (a, b) return "add" end, __concat = function () return "cat" end,
    __unm = function () return "unm" end, __idiv = function () return "idiv" end})
  equal("abc" + t, "add")
  equal(t + "abc", "add")
  equal("10" + t, "add")
  equal("abc" // t, "idiv")
  equal("abc" .. t, "cat")
  local old = mt.__add
  mt.__add = function (a, b) return a .. "+" .. b end
  equal("a" + "b", "a+b")
  equal("1" + 2, "1+2")
  mt.__add = old
  equal("1" + 2, 3)
  mt.__call = function (s, x) return s .. "(" .. tostring(x) .. ")" end
  equal(("f")(1), "f(1)")
  mt.__call = nil
  mt.__index = function (s, k) return type(k) == "number" and s:sub(k, k) or string[k] end
  equal(("hello")[2], "e")
  equal(("hello"):upper(), "HELLO")
  mt.__index = string
end

return "ok", checks
