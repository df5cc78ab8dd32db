-- Float arithmetic: signed zeros, infinities, nan, floor division and modulo, rounding functions,
-- conversions to integers, and every function of the mathematical library on ordinary values.

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

local inf, nan = 1/0, 0/0
local function isnan (x) return x ~= x end
local function near (a, b, ulps)   -- to within some units in the last place
  check(math.abs(a - b) <= (ulps or 2) * 2.3e-16 * math.max(1, math.abs(b)),
    string.format("%.17g is not near %.17g", a, b))
end

-- zeros and infinities
equal(0.0 == -0.0, true)
equal(1 / 0.0, inf)
equal(1 / -0.0, -inf)
equal(-0.0 + 0.0, 0.0)
equal(1 / (-0.0 + 0.0), inf)
equal(1 / (-0.0 - 0.0), -inf)
equal(1 / (0.0 * -1), -inf)
equal(1 / -(0.0), -inf)
equal(inf + 1, inf)
equal(inf > math.maxinteger, true)
equal(-inf < math.mininteger, true)
check(isnan(inf - inf))
check(isnan(inf * 0))
check(isnan(0.0 / 0.0))
check(isnan(nan + 1))
check(isnan(-nan))
equal(1e308 * 10, inf)
equal(5e-324 / 2, 0.0)
equal(2^1024, inf)
equal(2^-1075, 0.0)

-- nan compares unequal to everything
for _, v in ipairs {0, 1, -1, 0.5, inf, -inf, math.maxinteger, math.mininteger, nan} do
  equal(nan == v, false); equal(nan ~= v, true)
  equal(nan < v, false); equal(nan <= v, false)
  equal(nan > v, false); equal(nan >= v, false)
  equal(v < nan, false); equal(v <= nan, false)
end
raises("index is NaN", function () local t = {}; t[nan] = 1 end)
raises("index is NaN", rawset, {}, nan, 1)
equal(({})[nan], nil)

-- // and %
equal(7.5 // 2, 3.0)
equal(-7.5 // 2, -4.0)
equal(7.5 // -2, -4.0)
equal(7.5 % 2, 1.5)
equal(-7.5 % 2, 0.5)
equal(7.5 % -2, -0.5)
equal(-7.5 % -2, -1.5)
equal(5.3 % math.huge, 5.3)
equal(-5.3 % math.huge, inf)
equal(5.3 % -math.huge, -inf)
equal(-5.3 % -math.huge, -5.3)
equal(1 // 0.0, inf)
equal(-1 // 0.0, -inf)
check(isnan(0.0 // 0.0))
check(isnan(1 % 0.0))
check(isnan(1.0 % 0))
check(isnan(inf % 2))
equal(inf // 1, inf)
equal(2^53 % 3, 2.0)
equal(1e308 % 7, 3.0)
equal(1 / (0.0 % 5), inf)
equal(1 / (-0.0 % 5), -inf)
equal(0.1 // 0.1, 1.0)
equal(1 // 0.1, 10.0)
equal(-1 // math.huge, -0.0)
equal(3 % -math.huge, -inf)
equal(0 % math.huge, 0.0)

-- floor, ceil
equal(math.floor(3.7), 3)
equal(math.floor(-3.7), -4)
equal(math.floor(5), 5)
equal(math.floor(-0.0), 0)
equal(math.floor(2^53), 2^53 | 0)
equal(math.floor(1e100), 1e100)
equal(math.floor(-1e100), -1e100)
equal(math.floor(inf), inf)
equal(math.floor(2^63), 2^63)
equal(math.floor(-2^63), math.mininteger)
equal(math.ceil(3.2), 4)
equal(math.ceil(-3.2), -3)
equal(math.ceil(5), 5)
equal(math.ceil(-0.5), 0)
equal(math.ceil(1e100), 1e100)
equal(math.ceil(-inf), -inf)
check(isnan(math.floor(nan)))
check(isnan(math.ceil(nan)))
equal(math.floor(0.9999999999999999), 0)
equal(math.floor("3.7"), 3)
raises("bad argument #1 to 'math.floor' (number expected, got nil)", math.floor, nil)
raises("bad argument #1 to 'math.ceil' (number expected, got string)", math.ceil, "x")

-- fmod, modf
equal(math.fmod(7, 3), 1)
equal(math.fmod(-7, 3), -1)
equal(math.fmod(7, -3), 1)
equal(math.fmod(-7, -3), -1)
equal(math.fmod(7.5, 2), 1.5)
equal(math.fmod(-7.5, 2), -1.5)
equal(math.fmod(math.mininteger, -1), 0)
equal(math.fmod(math.mininteger, math.mininteger), 0)
equal(math.fmod(math.maxinteger, math.mininteger), math.maxinteger)
equal(math.fmod(3, 1/0), 3.0)
check(isnan(math.fmod(1, 0.0)))
raises("bad argument #2 to 'math.fmod' (zero)", math.fmod, 1, 0)
equal(show(math.modf(3.7)), show(3, 3.7 - 3))
equal(show(math.modf(-3.5)), "-3 -0.5")
equal(show(math.modf(5)), "5 0.0")
equal(show(math.modf(1e100)), "1e+100 0.0")
equal(show(math.modf(inf)), "inf 0.0")
equal(show(math.modf(-inf)), "-inf 0.0")
equal(math.type((math.modf(3.0))), "integer")
check(isnan((math.modf(nan))) and isnan(select(2, math.modf(nan))))

-- exact results
equal(math.sqrt(16), 4.0)
equal(math.sqrt(2), 1.4142135623730951)
check(isnan(math.sqrt(-1)))
equal(math.sqrt(inf), inf)
equal(math.exp(0), 1.0)
equal(math.exp(-inf), 0.0)
equal(math.exp(inf), inf)
equal(math.log(1), 0.0)
equal(math.log(0), -inf)
check(isnan(math.log(-1)))
equal(math.log(8, 2), 3.0)
equal(math.log(1000, 10), 3.0)
equal(math.log(1024, 2), 10.0)
equal(math.log(2^1000, 2), 1000.0)
near(math.log(27, 3), 3)
equal(math.log(100, 10.0), 2.0)
equal(math.sin(0), 0.0)
equal(math.cos(0), 1.0)
equal(math.tan(0), 0.0)
equal(math.atan(0), 0.0)
equal(math.asin(0), 0.0)
equal(math.acos(1), 0.0)
check(isnan(math.asin(2)))
check(isnan(math.acos(-2)))
check(isnan(math.sin(inf)))
equal(math.pi, 3.141592653589793)
equal(math.huge, inf)
equal(math.deg(math.pi), 180.0)
equal(math.rad(180), math.pi)
equal(math.type(math.rad(0)), "float")

-- to within a few units in the last place
near(math.sin(1), 0.8414709848078965)
near(math.cos(1), 0.5403023058681398)
near(math.tan(1), 1.5574077246549023)
near(math.sin(1e6), -0.34999350217129294)
near(math.sin(1e22), -0.8522008497671888)
near(math.cos(1e22), 0.5232147853951389)
near(math.atan(1), math.pi / 4)
near(math.atan(1, -1), 3 * math.pi / 4)
near(math.atan(-1, -1), -3 * math.pi / 4)
near(math.atan(0, -1), math.pi)
near(math.atan(-0.0, -1), -math.pi)
near(math.atan(inf), math.pi / 2)
near(math.atan(1, 0), math.pi / 2)
near(math.asin(1), math.pi / 2)
near(math.acos(-1), math.pi)
near(math.exp(1), 2.718281828459045)
near(math.log(2), 0.6931471805599453)
near(math.log(10), 2.302585092994046)
near(2 ^ 0.5, 1.4142135623730951)
near(10 ^ -2, 0.01)
near(math.exp(10), 22026.465794806718)
near(math.exp(-1), 0.36787944117144233)
for x = 0.1, 3, 0.1 do
  near(math.sin(x)^2 + math.cos(x)^2, 1)
  near(math.tan(math.atan(x)), x, 8)
  near(math.log(math.exp(x)), x, 8)
  near(math.exp(math.log(x)), x, 8)
  near(x^2, x * x)
end
raises("bad argument #1 to 'math.sin' (number expected, got no value)", math.sin)
raises("bad argument #1 to 'math.sqrt' (number expected, got string)", math.sqrt, "four")
raises("bad argument #2 to 'math.log' (number expected, got string)", math.log, 1, "e")

-- power
equal((-8) ^ 3, -512.0)
check(isnan((-8) ^ (1/3)))
equal(nan ^ 0, 1.0)
equal(1 ^ nan, 1.0)
equal(inf ^ 0, 1.0)
equal(0.0 ^ -1, inf)
equal(2 ^ 62, 0x1p62)
equal(10 ^ 15, 1e15)
equal(10 ^ 22, 1e22)
equal(2 ^ 0.5 ^ 2, 2 ^ (0.5 ^ 2))
equal((-1) ^ 1e10, 1.0)
equal((-2) ^ -3, -0.125)

-- ldexp and frexp: in 5.5 always there, in 5.4 only in compatibility builds
if _VERSION == "Lua 5.5" then
  equal(show(math.frexp(8)), "0.5 4")
  equal(show(math.frexp(0)), "0.0 0")
  equal(show(math.frexp(-3)), "-0.75 2")
  equal(math.ldexp(0.5, 4), 8.0)
  equal(math.ldexp(1, -1074), 5e-324)
end

-- random accumulates no state between float and integer conversions
for _, v in ipairs {0.5, 1.5, 1e15 + 0.5, -0.5, -1e15 - 0.5} do
  equal(math.tointeger(v), nil)
  equal(math.floor(v) <= v, true)
  equal(math.ceil(v) - math.floor(v), 1)
end

return "ok", checks
