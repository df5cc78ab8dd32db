-- math.random and math.randomseed: ranges, repeatable sequences, the algorithm's known output.

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

-- a seed gives the same sequence again
math.randomseed(42)
local a = {}
for i = 1, 100 do a[i] = math.random(0) end
math.randomseed(42)
for i = 1, 100 do equal(math.random(0), a[i]) end
math.randomseed(43)
check(math.random(0) ~= a[1])

-- two integers are the seed; a float with an integral value is that integer
math.randomseed(1, 2)
local x1 = math.random(0)
math.randomseed(1, 3)
check(math.random(0) ~= x1)
math.randomseed(1, 2)
equal(math.random(0), x1)
math.randomseed(7)
local x2 = math.random(0)
math.randomseed(7.0)
equal(math.random(0), x2)
math.randomseed(7, 0)
equal(math.random(0), x2)

-- xoshiro256** from the state (seed, 0xff, 0, 0), sixteen values thrown away: computed here again
do
  local function rotl (x, n) return (x << n) | (x >> (64 - n)) end
  local s
  local function nextrand ()
    local s0, s1, s2, s3 = s[1], s[2], s[3] ~ s[1], s[4] ~ s[2]
    local res = rotl(s1 * 5, 7) * 9
    s1 = s1 << 17
    s = {s[1] ~ s3, s[2] ~ s2, s2 ~ s1, rotl(s3, 45)}
    return res
  end
  for _, seed in ipairs {0, 1, 42, -1, 1007, math.mininteger} do
    s = {seed, 0xff, 0, 0}
    for _ = 1, 16 do nextrand() end
    math.randomseed(seed)
    for _ = 1, 20 do equal(math.random(0), nextrand()) end
    for _ = 1, 20 do   -- a float is the top 53 bits
      equal(math.random(), (nextrand() >> 11) * 0x1p-53)
    end
  end
end

-- floats are in [0, 1)
for _ = 1, 2000 do
  local r = math.random()
  check(r >= 0.0 and r < 1.0 and math.type(r) == "float")
end

-- ranges: nothing outside, everything inside
for _, r in ipairs {{1, 1}, {1, 2}, {1, 6}, {-3, 3}, {0, 1}, {5, 12}, {-10, -8}} do
  local lo, hi = r[1], r[2]
  local seen, n = {}, 0
  for _ = 1, 500 do
    local v = math.random(lo, hi)
    check(v >= lo and v <= hi and math.type(v) == "integer")
    if not seen[v] then seen[v] = true; n = n + 1 end
  end
  equal(n, hi - lo + 1)
end
for _ = 1, 200 do
  local v = math.random(10)
  check(v >= 1 and v <= 10)
end
equal(math.random(1), 1)
equal(math.random(5, 5), 5)
equal(math.random(math.maxinteger, math.maxinteger), math.maxinteger)
for _ = 1, 200 do
  check(math.type(math.random(math.mininteger, math.maxinteger)) == "integer")
  check(math.random(math.maxinteger) >= 1)
  check(math.random(math.mininteger, -1) < 0)
  check(math.random(0, math.maxinteger) >= 0)
  check(math.random(math.maxinteger - 3, math.maxinteger) >= math.maxinteger - 3)
end
do   -- spread: each of 10 buckets gets its share
  local count = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
  math.randomseed(2026)
  for _ = 1, 10000 do local b = math.random(10); count[b] = count[b] + 1 end
  for b = 1, 10 do check(count[b] > 850 and count[b] < 1150) end
end

raises("bad argument #1 to 'math.random' (interval is empty)", math.random, -1)
raises("bad argument #1 to 'math.random' (interval is empty)", math.random, 2, 1)
raises("bad argument #1 to 'math.random' (interval is empty)", math.random, math.maxinteger, math.mininteger)
raises("wrong number of arguments", math.random, 1, 2, 3)
raises("bad argument #1 to 'math.random' (number has no integer representation)", math.random, 1.5)
raises("bad argument #1 to 'math.random' (number expected, got string)", math.random, "x")

-- randomseed without arguments seeds from chance, and gives the two parts of the seed
do
  local s1, s2 = math.randomseed()
  equal(math.type(s1), "integer"); equal(math.type(s2), "integer")
  local first = math.random(0)
  math.randomseed(s1, s2)
  equal(math.random(0), first)
  equal(select("#", math.randomseed(5)), 2)
  equal(math.randomseed(5), 5)
  equal(select(2, math.randomseed(5, 6)), 6)
end

return "ok", checks
