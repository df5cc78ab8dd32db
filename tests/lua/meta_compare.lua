-- __eq, __lt and __le: when they are asked, what their result becomes, mixed types, sorting with them.

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

-- __eq only between two tables (or two userdata) that are not the same
do
  local calls = 0
  local mt = {__eq = function (a, b) calls = calls + 1; return true end}
  local a, b = setmetatable({}, mt), setmetatable({}, mt)
  equal(a == a, true); equal(calls, 0)
  equal(a == b, true); equal(calls, 1)
  equal(a ~= b, false); equal(calls, 2)
  equal(a == {}, true); equal(calls, 3)          -- one side suffices
  equal({} == a, true); equal(calls, 4)
  equal(a == 1, false); equal(1 == a, false); equal(a == "x", false); equal(a == nil, false)
  equal(a == print, false); equal(calls, 4)
  equal(rawequal(a, b), false); equal(calls, 4)
  equal(rawequal(a, a), true)
  mt.__eq = function () return 1 end
  equal(a == b, true)
  mt.__eq = function () return nil end
  equal(a == b, false); equal(a ~= b, true)
  mt.__eq = function () return 0, false end
  equal(a == b, true)
  -- first operand's first
  local order
  local c = setmetatable({}, {__eq = function (x, y) order = "c"; return true end})
  local d = setmetatable({}, {__eq = function (x, y) order = "d"; return true end})
  equal(c == d, true); equal(order, "c")
  equal(d == c, true); equal(order, "d")
  equal({} == d, true); equal(order, "d")
  -- keys and table functions never ask
  local t = {[a] = 1}
  mt.__eq = function () return true end
  equal(t[b], nil); equal(t[a], 1)
  -- conditions
  equal(a == b and "then" or "else", "then")
  if a ~= b then check(false) else check(true) end
end

-- __lt and __le
do
  local log = {}
  local mt = {
    __lt = function (a, b) log[#log + 1] = "lt"; return (type(a) == "table" and a.v or a) < (type(b) == "table" and b.v or b) end,
    __le = function (a, b) log[#log + 1] = "le"; return (type(a) == "table" and a.v or a) <= (type(b) == "table" and b.v or b) end,
  }
  local function n (v) return setmetatable({v = v}, mt) end
  for i = 1, 3 do
    for j = 1, 3 do
      equal(n(i) < n(j), i < j); equal(n(i) <= n(j), i <= j)
      equal(n(i) > n(j), i > j); equal(n(i) >= n(j), i >= j)
      equal(n(i) < j, i < j); equal(i < n(j), i < j)
      equal(n(i) <= j, i <= j); equal(i <= n(j), i <= j)
      equal(n(i) > j, i > j); equal(i >= n(j), i >= j)
      equal(n(i) < j + 0.5, i < j + 0.5); equal(i + 0.5 < n(j), i + 0.5 < j)
    end
  end
  log = {}
  local _ = n(1) > n(2); equal(table.concat(log), "lt")
  log = {}
  _ = n(1) >= n(2); equal(table.concat(log), "le")
  -- immediates on either side keep the order of the arguments
  local got
  local o = setmetatable({}, {__lt = function (a, b) got = {a, b}; return true end, __le = function (a, b) got = {a, b}; return false end})
  equal(o < 1, true); equal(got[1], o); equal(got[2], 1)
  equal(o > 1, true); equal(got[1], 1); equal(got[2], o)
  equal(1 < o, true); equal(got[1], 1); equal(got[2], o)
  equal(1 > o, true); equal(got[1], o); equal(got[2], 1)
  equal(o <= 1, false); equal(got[1], o); equal(got[2], 1)
  equal(o >= 1, false); equal(got[1], 1); equal(got[2], o)
  equal(o < -1, true); equal(got[2], -1)
  equal(o > 1.0, true); equal(got[1], 1.0)
  equal(o < 2.5, true); equal(got[2], 2.5)
  equal(o < "s", true); equal("s" < o, true); equal(got[1], "s")
  equal(o < nil, true); equal(nil < o, true); equal(o < true, true)
  equal(not (o < 1), false)
  -- __le is not derived from __lt
  local only = setmetatable({}, {__lt = function () return true end})
  equal(only < only, true)
  raises("attempt to compare two table values", function () return only <= only end)
  raises("attempt to compare table with number", function () return only <= 1 end)
  raises("attempt to compare number with table", function () return 1 <= only end)
  raises("attempt to compare number with table", function () return only >= 1 end)
end
-- results become booleans
do
  local o = setmetatable({}, {__lt = function () return 1, 2 end, __le = function () end})
  equal(o < o, true); equal(o <= o, false); equal(show(o < o), "true")
  getmetatable(o).__lt = function () return "x" end
  equal((o < o) == true, true)
  getmetatable(o).__lt = 7
  raises("attempt to call a number value", function () return o < o end)
end
-- sort and comparison functions use them
do
  local mt = {__lt = function (a, b) return a[1] < b[1] end}
  local t = {}
  for i = 1, 50 do t[i] = setmetatable({(i * 37) % 50}, mt) end
  table.sort(t)
  for i = 1, 50 do equal(t[i][1], i - 1) end
  table.sort(t, function (a, b) return a > b end)
  for i = 1, 50 do equal(t[i][1], 50 - i) end
  equal(math.max(t[1], t[2]) == t[1], true)
end
-- __name appears in comparison errors
raises("attempt to compare two Thing values", function ()
  local mt = {__name = "Thing"}
  return setmetatable({}, mt) < setmetatable({}, mt)
end)
raises("attempt to compare Thing with number", function () return setmetatable({}, {__name = "Thing"}) < 1 end)
raises("attempt to perform arithmetic on a Thing value (local 'x')", function () local x = setmetatable({}, {__name = "Thing"}); return x + 1 end)
raises("attempt to call a Thing value", function () setmetatable({}, {__name = "Thing"})() end)
raises("attempt to concatenate a Thing value", function () return setmetatable({}, {__name = "Thing"}) .. "" end)
raises("bad argument #1 to 'math.abs' (number expected, got Thing)", math.abs, setmetatable({}, {__name = "Thing"}))

return "ok", checks
