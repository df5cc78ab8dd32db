-- Comparison and equality between integers and floats is by mathematical value, also where a
-- conversion would round; the same for table keys.

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

local max, min = math.maxinteger, math.mininteger
local inf = 1/0

equal(1 == 1.0, true)
equal(0 == -0.0, true)
equal(max == max + 0.0, false)
equal(max < max + 0.0, true)
equal(max <= max + 0.0, true)
equal(max > max + 0.0, false)
equal(max + 0.0 > max, true)
equal(min == min + 0.0, true)
equal(min < min + 0.0, false)
equal(min <= min + 0.0, true)
equal(2^53 == 2^53 | 0, true)
equal((2^53 | 0) + 1 == 2^53, false)
equal((2^53 | 0) + 1 > 2^53, true)
equal((2^53 | 0) + 1 < 2^53 + 2, true)
equal(9007199254740993 < 9007199254740992.0, false)
equal(9007199254740993 > 9007199254740992.0, true)
equal(-9007199254740993 < -9007199254740992.0, true)
equal(1 < 1.5, true); equal(2 < 1.5, false); equal(1.5 < 2, true); equal(1.5 < 1, false)
equal(-1 < -0.5, true); equal(-1 > -1.5, true)
equal(0 < 5e-324, true); equal(0 > -5e-324, true); equal(0 <= -0.0, true)
equal(max < inf, true); equal(min > -inf, true); equal(max <= inf, true); equal(inf <= max, false)
equal(max < 1e19, true); equal(min < -1e19, false); equal(1e19 > max, true)

-- a total order over a mixed list, checked pair by pair
do
  local order = {-inf, -1e300, -2.0^63 * 1.0000000000000002, min, min + 1, -2.0^62, -9007199254740993,
    -9007199254740992.0, -1.5, -1, -0.5, -5e-324, 0, 5e-324, 0.5, 1, 1.5, 2, 9007199254740992.0,
    9007199254740993, 9007199254740994, 2.0^62, (1 << 62) + 1, max - 1, max, 2.0^63, 1e300, inf}
  for i, a in ipairs(order) do
    for j, b in ipairs(order) do
      equal(a < b, i < j)
      equal(a <= b, i <= j)
      equal(a > b, i > j)
      equal(a >= b, i >= j)
      equal(a == b, i == j)
      equal(a ~= b, i ~= j)
    end
  end
  local shuffled = {}
  for i = 1, #order do shuffled[i] = order[(i * 11) % #order + 1] end
  if #order % 11 ~= 0 then
    table.sort(shuffled)
    for i = 1, #order do equal(shuffled[i], order[i]) end
  end
end

-- constants take other paths in the interpreter: the same answers with immediate operands
do
  local function each (x)
    local r = {}
    for i, v in ipairs {x < 1, x <= 1, x > 1, x >= 1, x == 1, x ~= 1, x < -1, x >= -1, x == 1.5, x < 100, x > 127,
        x == 1.0, x < 1.0, x >= 2.0, x == 1000000, x < 1000000} do r[i] = v and "1" or "0" end
    return table.concat(r)
  end
  equal(each(1), each(1.0))
  equal(each(-1), each(-1.0))
  equal(each(1000000), each(1e6))
  equal(each(0/0), "0000010000000000")
  equal(each(1), "0101100101010001")
  equal(each(1.5), "0011010111000001")
  raises("attempt to compare nil with number", function () local x; return x < 1 end)
  raises("attempt to compare number with nil", function () local x; return x > 1 end)
  raises("attempt to compare string with number", function () local x = "1"; return x < 1 end)
  raises("attempt to compare number with string", function () local x = "1"; return x >= 1 end)
  raises("attempt to compare two table values", function () return {} < {} end)
  raises("attempt to compare two nil values", function () local a, b; return a < b end)
  raises("attempt to compare two boolean values", function () return true <= false end)
  raises("attempt to compare function with table", function () return print < {} end)
  raises("attempt to compare table with number", function () return {} < 1 end)
  raises("attempt to compare number with table", function () return 1 < {} end)
end

-- equality between types is false, never an error
equal(1 == "1", false); equal(nil == false, false); equal("" == 0, false); equal({} == {}, false)
equal("a" == "a", true); equal(print == print, true)
do local t = {}; equal(t == t, true) end

-- keys
do
  local t = {}
  t[1] = "a"; t[1.0] = "b"
  equal(t[1], "b")
  equal(next(t), 1)
  t[2.0] = "c"
  for k in pairs(t) do equal(math.type(k), "integer") end
  t[2^53] = "big"
  equal(t[9007199254740992], "big")
  t[-0.0] = "zero"
  equal(t[0], "zero")
  t[1.5] = "half"
  equal(t[1.5], "half"); equal(t["1.5"], nil); equal(t["1"], nil)
  t[2^63] = "out"
  equal(t[2^63], "out"); equal(t[max], nil); equal(t[min], nil)
  t[max] = "max"; t[min] = "min"
  equal(t[max], "max"); equal(t[-2^63], "min"); equal(t[max + 0.0], "out")
  t[inf] = "inf"; t[-inf] = "-inf"
  equal(t[inf], "inf"); equal(t[-inf], "-inf"); equal(t[1e308 * 10], "inf")
  rawset(t, 3.0, "three")
  equal(rawget(t, 3), "three")
  equal(t[3], "three")
  equal(#t, 3)
  t[true] = 1; t[false] = 2
  equal(t[true] + t[false], 3)
end

return "ok", checks
