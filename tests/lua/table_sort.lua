-- table.sort: orders, comparison functions, invalid ones, errors, sizes, stability is not promised.

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

local function sorted (t, f)
  for i = 2, #t do
    if f then if f(t[i], t[i - 1]) then return false end
    elseif t[i] < t[i - 1] then return false end
  end
  return true
end
local seed = 12345
local function rnd (n) seed = (seed * 1103515245 + 12345) & 0x7fffffff; return seed % n end

for n = 0, 60 do
  local t, sum = {}, 0
  for i = 1, n do t[i] = rnd(30); sum = sum + t[i] end
  equal(select("#", table.sort(t)), 0)
  check(sorted(t))
  for i = 1, n do sum = sum - t[i] end
  equal(sum, 0); equal(#t, n)
end
-- shapes that are hard for quicksort
for _, n in ipairs {100, 101, 150, 1000, 5000} do
  for _, shape in ipairs {
    function (i) return i end, function (i) return -i end, function (i) return 5 end, function (i) return i % 2 end,
    function (i) return math.min(i, n - i) end, function (i) return i % 10 end, function (i) return rnd(n) end,
    function (i) return i == n and 0 or i end, function (i) return rnd(3) + i // 10 end,
  } do
    local t = {}
    for i = 1, n do t[i] = shape(i) end
    table.sort(t); check(sorted(t))
    table.sort(t, function (a, b) return a > b end)
    check(sorted(t, function (a, b) return a > b end))
  end
end
-- every permutation of five, with and without a function
do
  local function perm (a, k, visit)
    if k > #a then visit(a) return end
    for i = k, #a do a[k], a[i] = a[i], a[k]; perm(a, k + 1, visit); a[k], a[i] = a[i], a[k] end
  end
  perm({1, 2, 3, 4, 5}, 1, function (a)
    local t = {table.unpack(a)}
    table.sort(t); equal(table.concat(t), "12345")
    t = {table.unpack(a)}
    table.sort(t, function (x, y) return x > y end); equal(table.concat(t), "54321")
  end)
end
do
  local t = {"banana", "apple", "Cherry", "", "a", "A", "\0", "a\0"}
  table.sort(t)
  equal(table.concat(t, "|"), "|\0|A|Cherry|a|a\0|apple|banana")
  t = {3.5, 2, -1, 1e10, -0.5, math.huge, -math.huge, math.maxinteger, math.mininteger}
  table.sort(t)
  check(sorted(t)); equal(t[1], -math.huge); equal(t[9], math.huge)
  t = {{3}, {1}, {2}}
  table.sort(t, function (a, b) return a[1] < b[1] end)
  equal(t[1][1] * 100 + t[2][1] * 10 + t[3][1], 123)
  t = {5, 3, nil}
  table.sort(t); equal(table.concat(t, ","), "3,5")
  t = {n = "x", 2, 1}
  table.sort(t); equal(t[1], 1); equal(t.n, "x")
end
-- comparison: truthiness counts, a yield and errors do not pass
do
  local t = {3, 1, 2}
  table.sort(t, function (a, b) return a < b and 1 or nil end); equal(table.concat(t), "123")
  table.sort(t, nil); equal(table.concat(t), "123")
  local calls = 0
  table.sort({1}, function () calls = calls + 1 end); equal(calls, 0)
  table.sort({}, function () calls = calls + 1 end); equal(calls, 0)
  raises("attempt to compare", table.sort, {1, "x", 2})
  raises("attempt to compare", table.sort, {{}, {}})
  raises("E", table.sort, {3, 2, 1}, function () error("E") end)
  raises("bad argument #2 to 'table.sort' (function expected, got number)", table.sort, {2, 1}, 5)
  raises("bad argument #1 to 'table.sort' (table expected, got nil)", table.sort, nil)
  raises("array too big", table.sort, setmetatable({}, {__len = function () return math.maxinteger end}))
  table.sort(setmetatable({}, {__len = function () return -1 end}))
end
-- invalid order functions: an error or some order, never an endless loop, all elements kept
do
  local bad = {
    function (a, b) return true end, function (a, b) return a <= b end, function (a, b) return rnd(2) == 0 end,
    function (a, b) return a % 3 < b % 5 end, function () return 1 end,
  }
  for _, f in ipairs(bad) do
    for _, n in ipairs {2, 3, 10, 50, 300} do
      local t = {}
      for i = 1, n do t[i] = rnd(10) end
      local ok, e = pcall(table.sort, t, f)
      check(ok or e:find("invalid order function for sorting", 1, true), tostring(e))
      equal(#t, n)
    end
  end
  raises("invalid order function for sorting", table.sort, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, function () return true end)
  local t = {1, 0/0, 3, 0/0, 2}
  check(pcall(table.sort, t) ~= nil)
  -- a comparison that empties the table
  t = {5, 4, 3, 2, 1}
  pcall(table.sort, t, function (a, b) for i = 1, 5 do t[i] = nil end; return (a or 0) < (b or 0) end)
  check(#t <= 5)
end

return "ok", checks
