-- The numeric for: precomputed number of steps, no overflow, floats, limits beyond the integers.

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

local function steps (a, b, c, limit)
  local r = {}
  for i = a, b, c do
    r[#r + 1] = tostring(i)
    if #r >= (limit or 10) then r[#r + 1] = "..."; break end
  end
  return table.concat(r, " ")
end

equal(steps(1, 3, 1), "1 2 3")
equal(steps(1, 0, 1), "")
equal(steps(1, 1, 1), "1")
equal(steps(3, 1, -1), "3 2 1")
equal(steps(1, 3, -1), "")
equal(steps(1, 10, 4), "1 5 9")
equal(steps(10, 1, -4), "10 6 2")
equal(steps(-3, 3, 3), "-3 0 3")

-- at the ends of the range the loop stops instead of wrapping
equal(steps(max - 2, max, 1), "9223372036854775805 9223372036854775806 9223372036854775807")
equal(steps(min + 2, min, -1), "-9223372036854775806 -9223372036854775807 -9223372036854775808")
equal(steps(max, max, 1), "9223372036854775807")
equal(steps(max, max, max), "9223372036854775807")
equal(steps(max, min, 1), "")
equal(steps(min, max, 1, 2), "-9223372036854775808 -9223372036854775807 ...")
equal(steps(min, max, max), "-9223372036854775808 -1 9223372036854775806")
equal(steps(max, min, min), "9223372036854775807 -1")
equal(steps(0, max, max), "0 9223372036854775807")
equal(steps(1, max, max), "1")
equal(steps(min, min, min), "-9223372036854775808")
equal(steps(0, min, min), "0 -9223372036854775808")

-- float limits of integer loops are clipped to integers
equal(steps(1, 3.9, 1), "1 2 3")
equal(steps(3, 1.1, -1), "3 2")
equal(steps(1, math.huge, 1, 3), "1 2 3 ...")
equal(steps(1, -math.huge, 1), "")
equal(steps(-1, -math.huge, -1, 3), "-1 -2 -3 ...")
equal(steps(max - 1, math.huge, 1), "9223372036854775806 9223372036854775807")
equal(steps(max - 1, 1e100, 1), "9223372036854775806 9223372036854775807")
equal(steps(min + 1, -1e100, -1), "-9223372036854775807 -9223372036854775808")
equal(steps(1, 0/0, 1), "")
equal(steps(1, 0/0, -1, 2), "1 0 ...")      -- a nan limit clips like a negative one
equal(steps(1, -0.5, 1), "")
equal(steps(0, -0.5, -1), "0")
equal(steps(min, 2^63, max), "-9223372036854775808 -1 9223372036854775806")

-- float loops: both start and step decide
equal(steps(1.0, 3, 1), "1.0 2.0 3.0")
equal(steps(1, 3, 1.0), "1.0 2.0 3.0")
equal(steps(0.5, 2, 0.5), "0.5 1.0 1.5 2.0")
equal(steps(1, 0.25, -0.25), "1.0 0.75 0.5 0.25")
equal(steps(1.0, 0, 1), "")
equal(steps(0/0, 1, 1):gsub("%-", ""), "nan")   -- nan: the step is taken before the comparison fails
equal(steps(1.0, 0/0, 1), "1.0")
equal(steps(1.0, math.huge, 1, 2), "1.0 2.0 ...")
equal(steps(2^53, 2^53 + 4, 2), _VERSION == "Lua 5.5" and "9007199254740992.0 9007199254740994.0 9007199254740996.0"
  or "9.007199254741e+15 9.007199254741e+15 9.007199254741e+15")
do local n = 0; for i = 0, 1, 0.1 do n = n + 1 end; check(n == 10 or n == 11) end
do local n = 0; for i = 1, 0, -0.125 do n = n + 1 end; equal(n, 9) end
do local n = 0; for i = 2.0^53, 2.0^53 + 1 do n = n + 1; if n > 5 then break end end; equal(n, 6) end

raises("'for' step is zero", steps, 1, 2, 0)
raises("'for' step is zero", steps, 1.0, 2, 0)
raises("'for' step is zero", steps, 1, 2, 0.0)
raises("'for' step is zero", steps, 1, 2, -0.0)
raises("bad 'for' initial value (number expected, got nil)", steps, nil, 2, 1)
raises("bad 'for' limit (number expected, got table)", steps, 1, {}, 1)
raises("bad 'for' limit (number expected, got nil)", steps, 1, nil, 1)
raises("bad 'for' step (number expected, got boolean)", steps, 1, 2, true)
raises("bad 'for' initial value (number expected, got function)", steps, print, 2, 1.5)

-- expressions are evaluated once, in order
do
  local log = {}
  local function e (x) log[#log + 1] = x; return x end
  for i = e(1), e(3), e(2) do log[#log + 1] = "i" .. i end
  equal(table.concat(log, " "), "1 3 2 i1 i3")
end

-- each step has its own variable; closures keep theirs
do
  local fs = {}
  for i = 1, 3 do fs[i] = function () return i end end
  equal(fs[1]() + fs[2]() * 10 + fs[3]() * 100, 321)
  local gs = {}
  for i = 1, 5 do
    local j = i * i
    gs[i] = function (d) j = j + (d or 0); return j end
    if i == 3 then break end
  end
  equal(#gs, 3)
  equal(gs[3](1), 10); equal(gs[3](), 10); equal(gs[2](), 4)
end

-- nested loops, break, goto continue
do
  local n = 0
  for i = 1, 100 do
    for j = 1, 100 do
      if j > i then break end
      if (i + j) % 2 == 0 then goto continue end
      n = n + 1
      ::continue::
    end
  end
  equal(n, 2500)
end
do local n = 0; for i = 1, 200000 do n = n + i end; equal(n, 20000100000) end

return "ok", checks
