-- Integer arithmetic: wrap-around, floor division and modulo with every sign, shifts, bitwise
-- operators, math.ult, math.abs, math.tointeger, and the operations that must fail.

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

local max, min = math.maxinteger, math.mininteger

equal(max + 1, min)
equal(min - 1, max)
equal(-min, min)
equal(min * -1, min)
equal(max * 2, -2)
equal(max * max, 1)
equal(min * min, 0)
equal(min + min, 0)
equal(0x7fffffffffffffff, max)
equal(0x8000000000000000, min)
equal(0xffffffffffffffff, -1)
equal(9223372036854775807, max)
equal(-9223372036854775808, -2.0^63)
equal(math.type(9223372036854775808), "float")
equal(1 << 62, 4611686018427387904)
equal(3037000499 * 3037000499, 9223372030926249001)
equal(3037000500 * 3037000500, -9223372036709301616)

-- // and %: quotient rounds down, remainder takes the divisor's sign
do
  local vals = {min, min + 1, -100, -7, -3, -2, -1, 1, 2, 3, 7, 100, max - 1, max}
  for _, a in ipairs {min, min + 1, -100, -7, -3, -2, -1, 0, 1, 2, 3, 7, 100, max - 1, max} do
    for _, b in ipairs(vals) do
      local q, r = a // b, a % b
      equal(math.type(q), "integer")
      equal(math.type(r), "integer")
      equal(q * b + r, a)
      check(r == 0 or (r < 0) == (b < 0))
      if b ~= min then check(r == 0 or (b > 0 and r < b) or (b < 0 and r > b)) end
    end
  end
end
equal(7 // 2, 3); equal(-7 // 2, -4); equal(7 // -2, -4); equal(-7 // -2, 3)
equal(7 % 2, 1); equal(-7 % 2, 1); equal(7 % -2, -1); equal(-7 % -2, -1)
equal(6 // 3, 2); equal(-6 // 3, -2); equal(6 % 3, 0); equal(-6 % -3, 0)
equal(0 // 5, 0); equal(0 // -5, 0); equal(0 % 5, 0); equal(0 % -5, 0)
equal(min // -1, min)
equal(min % -1, 0)
equal(min // 1, min)
equal(max // -1, -max)
equal(5 // 5, 1)
equal(-1 // max, -1)
equal(-1 % max, max - 1)
equal(1 % min, min + 1)
equal(min % max, max - 1)
raises("attempt to divide by zero", function () local z = 0; return 1 // z end)
raises("attempt to perform 'n%0'", function () local z = 0; return 1 % z end)
raises("attempt to divide by zero", function () local z = 0; return z // z end)
raises("attempt to perform 'n%0'", function () local a = min; return a % 0 end)
raises("attempt to divide by zero", function () local a = 1; return a // 0 end)

-- / and ^ are always float
equal(6 / 3, 2.0)
equal(1 / 2, 0.5)
equal(1 / 0, 1e999)
equal(-1 / 0, -1e999)
equal(2 ^ 10, 1024.0)
equal(2 ^ -1, 0.5)
equal(0 ^ 0, 1.0)
equal(max / 1, 2.0^63)

-- mixed operands become floats
equal(1 + 1.0, 2.0)
equal(2 * 1.5, 3.0)
equal(max + 1.0, 2.0^63)
equal(7 // 2.0, 3.0)
equal(7 % 2.0, 1.0)
equal(-7 // 2.0, -4.0)
equal(1 - 1.0, 0.0)

-- shifts
for s = -70, 70 do
  local want = 0
  if s >= 0 and s < 64 then want = 1; for _ = 1, s do want = want * 2 end
  elseif s < 0 then want = 0 end
  equal(1 << s, want)
  equal(1 >> -s, want)
  equal(min >> s, s >= 0 and s < 64 and (s == 0 and min or 1 << (63 - s)) or 0)
  equal(min << -s, s >= 0 and s < 64 and (s == 0 and min or 1 << (63 - s)) or 0)
end
equal(-1 >> 1, max)
equal(-1 >> 63, 1)
equal(-1 >> 64, 0)
equal(-1 << 64, 0)
equal(-1 << 63, min)
equal(1 << min, 0)
equal(1 >> min, 0)
equal(1 << max, 0)
equal(-1 >> max, 0)
equal(5 << 0, 5)
equal(0xF0 >> 4, 15)
equal(0xF << 4, 240)
equal(1 << 2.0, 4)
equal(2.0 << 1, 4)

-- bitwise
equal(0xF0 & 0x3C, 0x30)
equal(0xF0 | 0x0F, 0xFF)
equal(0xF0 ~ 0xFF, 0x0F)
equal(~0, -1)
equal(~-1, 0)
equal(~min, max)
equal(-1 & max, max)
equal(min | max, -1)
equal(1.0 | 2, 3)
equal(2^53 | 0, 9007199254740992)
equal(-1.0 & 0xFF, 255)
equal(~0.0, -1)
raises("number (local 'x') has no integer representation", function () local x = 1.5; return x | 1 end)
raises("number (local 'x') has no integer representation", function () local x = 2.0^63; return x & 1 end)
raises("number (local 'x') has no integer representation", function () local x = 0/0; return ~x end)
raises("number (local 'x') has no integer representation", function () local x = 1/0; return 1 << x end)
raises("number (local 'x') has no integer representation", function () local x = 1.5; return 1 << x end)
do
  local a, b = 0x123456789ABCDEF0, 0x0FEDCBA987654321
  equal((a & b) + (a | b), a + b)
  equal((a ~ b) ~ b, a)
  equal(~(~a), a)
  equal(~(a & b), ~a | ~b)
  equal(a ~ -1, ~a)
end

-- math.ult
equal(math.ult(1, 2), true)
equal(math.ult(2, 1), false)
equal(math.ult(1, 1), false)
equal(math.ult(-1, 1), false)
equal(math.ult(1, -1), true)
equal(math.ult(max, min), true)
equal(math.ult(min, -1), true)
equal(math.ult(0, min), true)
equal(math.ult(-2, -1), true)
equal(math.ult(1.0, "2"), true)
raises("bad argument #1 to 'math.ult' (number has no integer representation)", math.ult, 1.5, 2)
raises("bad argument #2 to 'math.ult' (number expected, got no value)", math.ult, 1)

-- math.abs, max, min, tointeger, type
equal(math.abs(-5), 5)
equal(math.abs(min), min)
equal(math.abs(min + 1), max)
equal(math.abs(0), 0)
equal(math.abs(-2.5), 2.5)
equal(math.abs("-7"), 7.0)
equal(math.max(1, 2), 2)
equal(math.max(1, 2.5), 2.5)
equal(math.max(2, 2.0), 2)
equal(math.max(2.0, 2), 2.0)
equal(math.max(-1), -1)
equal(math.max(min, max, 0), max)
equal(math.min(1, 2), 1)
equal(math.min(2.0, 2), 2.0)
equal(math.min(3, 1.5, 2), 1.5)
equal(math.min(min, -1/0), -1/0)
raises("bad argument #1 to 'math.max' (value expected)", math.max)
raises("bad argument #1 to 'math.min' (value expected)", math.min)
raises("attempt to compare number with nil", math.max, 1, nil)
equal(math.tointeger(3.0), 3)
equal(math.tointeger(3), 3)
equal(math.tointeger(3.5), nil)
equal(math.tointeger(-0.0), 0)
equal(math.tointeger(2^53), 9007199254740992)
equal(math.tointeger(2^63), nil)
equal(math.tointeger(-2^63), min)
equal(math.tointeger(1/0), nil)
equal(math.tointeger(0/0), nil)
equal(math.tointeger("8"), 8)
equal(math.tointeger("8.0"), 8)
equal(math.tointeger("x"), nil)
equal(math.tointeger({}), nil)
equal(math.tointeger(nil), nil)
raises("bad argument #1 to 'math.tointeger' (value expected)", math.tointeger)
equal(math.type(1), "integer")
equal(math.type(1.0), "float")
equal(math.type("1"), nil)
equal(math.type(nil), nil)
raises("bad argument #1 to 'math.type' (value expected)", math.type)

-- integer constants fold to what run time gives
do
  local a, b, c = 7, -2, 0x7fffffffffffffff
  equal(7 // -2, a // b); equal(7 % -2, a % b); equal(7 * -2, a * b)
  equal(0x7fffffffffffffff + 1, c + 1)
  equal(-0x8000000000000000, -(c + 1))
  equal(1 << 63 >> 63, 1 << a * 9 >> a * 9)
  equal(2^2^3, 256.0)
  equal(-2^2, -4.0)
  equal(not nil == true, true)
end

return "ok", checks
