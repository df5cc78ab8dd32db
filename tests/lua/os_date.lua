-- os.time and os.date in UTC, os.difftime, os.clock: fields, normalising, every conversion, errors.

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

local date, time = os.date, os.time

-- known moments
for _, c in ipairs {
  {0, "1970-01-01 00:00:00 Thu 001"}, {1, "1970-01-01 00:00:01 Thu 001"}, {-1, "1969-12-31 23:59:59 Wed 365"},
  {86399, "1970-01-01 23:59:59 Thu 001"}, {951782400, "2000-02-29 00:00:00 Tue 060"}, {951868800, "2000-03-01 00:00:00 Wed 061"},
  {978307199, "2000-12-31 23:59:59 Sun 366"}, {1000000000, "2001-09-09 01:46:40 Sun 252"}, {1234567890, "2009-02-13 23:31:30 Fri 044"},
  {2147483647, "2038-01-19 03:14:07 Tue 019"}, {2147483648, "2038-01-19 03:14:08 Tue 019"}, {4102444800, "2100-01-01 00:00:00 Fri 001"},
  {4107542400, "2100-03-01 00:00:00 Mon 060"}, {-2208988800, "1900-01-01 00:00:00 Mon 001"}, {253402300799, "9999-12-31 23:59:59 Fri 365"},
  {1795176000, "2026-11-20 12:00:00 Fri 324"}, {-11644473600, "1601-01-01 00:00:00 Mon 001"}, {68169600, "1972-02-29 00:00:00 Tue 060"},
} do
  equal(date("!%Y-%m-%d %H:%M:%S %a %j", c[1]), c[2])
  local t = date("!*t", c[1])
  equal(("%04d-%02d-%02d %02d:%02d:%02d"):format(t.year, t.month, t.day, t.hour, t.min, t.sec), c[2]:sub(1, 19))
  equal(t.yday, tonumber(c[2]:sub(-3))); equal(t.isdst, false)
  equal(date("!%a", c[1]), ({"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"})[t.wday])
end
-- every day of some years: dates advance as a calendar says
do
  local y, m, d, wd = 1999, 1, 1, 6
  local t = 915148800
  local days = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}
  for _ = 1, 800 do
    local x = date("!*t", t)
    check(x.year == y and x.month == m and x.day == d and x.wday == wd and x.hour == 0, date("!%c", t))
    t = t + 86400; d = d + 1; wd = wd % 7 + 1
    local len = (m == 2 and y % 4 == 0) and 29 or days[m]
    if d > len then d = 1; m = m + 1; if m > 12 then m = 1; y = y + 1 end end
  end
end
-- conversions
do
  local t = 1234567890
  for conv, want in pairs {
    a = "Fri", A = "Friday", b = "Feb", B = "February", c = "Fri Feb 13 23:31:30 2009", C = "20", d = "13", D = "02/13/09", e = "13",
    F = "2009-02-13", g = "09", G = "2009", h = "Feb", H = "23", I = "11", j = "044", m = "02", M = "31", n = "\n", p = "PM",
    r = "11:31:30 PM", R = "23:31", S = "30", t = "\t", T = "23:31:30", u = "5", U = "06", V = "07", w = "5", W = "06", x = "02/13/09",
    X = "23:31:30", y = "09", Y = "2009", z = "+0000", ["%"] = "%", Ey = "09", Od = "13", Ex = "02/13/09", OH = "23", EY = "2009", Ow = "5",
  } do equal(date("!%" .. conv, t), want) end
  check(date("!%Z", t) == "UTC" or date("!%Z", t) == "GMT")
  equal(date("!%e", 0), " 1"); equal(date("!%I", 0), "12"); equal(date("!%p", 0), "AM"); equal(date("!%I %p", 43200), "12 PM"); equal(date("!%y", 946684800), "00")
  equal(date("!%G-%V", 1230768000), "2009-01"); equal(date("!%G-%V", 1262304000), "2009-53"); equal(date("!%G-%V %u", 1104537600), "2004-53 6")
  equal(date("!%U %W", 1230768000), "00 00"); equal(date("!%U %W", 1231027200), "01 00"); equal(date("!%U %W", 1231113600), "01 01")
  equal(date("!"), ""); equal(date("!plain", t), "plain"); equal(date("!%%%Y%%", t), "%2009%"); equal(date("!a\0%Y", t), "a\0002009"); equal(#date("!" .. ("%Y"):rep(500), t), 2000)
end
check(date():find("^%a%a%a %a%a%a [ %d]%d %d%d:%d%d:%d%d %d%d%d%d$"), date())
equal(type(date("*t").year), "number"); equal(date("!%Y", 0.0), "1970"); equal(date("!%Y", "0"), "1970")
for _, bad in ipairs {"%", "%E", "%Ea", "%O", "%Oc", "%Q", "%f", "%J", "%9", "%", "%EE", "%Ez", "%-d", "%\0"} do
  raises("invalid conversion specifier '%" .. bad:sub(2):gsub("%z.*", ""), date, "!" .. bad, 0)
end
raises("bad argument #2 to 'os.date' (number has no integer representation)", date, "*t", 1.5)
raises("bad argument #1 to 'os.date' (string expected, got table)", date, {})
raises("date result cannot be represented in this installation", date, "!%Y", 1 << 60)
raises("date result cannot be represented in this installation", date, "!*t", math.mininteger)
raises("date result cannot be represented in this installation", date, "!%c", math.maxinteger)

-- time: the inverse
check(math.type(time()) == "integer"); check(time() > 1500000000)
for _, t in ipairs {0, 1, 86400, 951782400, 1234567890, 1795176000, 2147483648, -86400, 253402300799} do equal(time(date("*t", t)), t) end
do
  local t = {year = 2009, month = 2, day = 13, hour = 23, min = 31, sec = 30}
  local base = time(t)
  equal(t.yday, 44); equal(t.wday, 6); equal(type(t.isdst), "boolean")
  equal(time {year = 2009, month = 2, day = 13, hour = 23, min = 31, sec = 31}, base + 1); equal(time {year = 2009, month = 2, day = 14, hour = 23, min = 31, sec = 30}, base + 86400)
  equal(time {year = 2009, month = 2, day = 13}, time {year = 2009, month = 2, day = 13, hour = 12, min = 0, sec = 0}); equal(time {year = "2009", month = "2", day = "13"}, time {year = 2009, month = 2, day = 13})
  equal(time {year = 2009.0, month = 2, day = 13}, time {year = 2009, month = 2, day = 13})
  -- fields out of their range are normalised, in the table too
  t = {year = 2009, month = 14, day = 35, hour = 25, min = 61, sec = -1}
  local v = time(t)
  equal(show(t.year, t.month, t.day, t.hour, t.min, t.sec, t.wday, t.yday), "2010 3 8 2 0 59 2 67"); equal(time(t), v)
  t = {year = 2008, month = 2, day = 30}; time(t); equal(show(t.month, t.day), "3 1")
  t = {year = 2009, month = 1, day = 0}; time(t); equal(show(t.year, t.month, t.day), "2008 12 31")
  t = {year = 2009, month = 0, day = 1}; time(t); equal(show(t.year, t.month), "2008 12"); t = {year = 2009, month = -11, day = 1}; time(t); equal(show(t.year, t.month), "2008 1")
  t = {year = 1970, month = 1, day = 1, hour = 0, sec = 100000}; time(t); equal(show(t.day, t.hour, t.min, t.sec), "2 3 46 40")
  t = {year = 2000, month = 1, day = -400}; time(t); equal(show(t.year, t.month, t.day), "1998 11 26")
end
raises("field 'day' missing in date table", time, {year = 2000, month = 1}); raises("field 'month' missing in date table", time, {year = 2000}); raises("field 'year' missing in date table", time, {})
raises("field 'year' is not an integer", time, {year = "x", month = 1, day = 1}); raises("field 'day' is not an integer", time, {year = 2000, month = 1, day = 1.5})
raises("field 'year' is out-of-bound", time, {year = 1 << 40, month = 1, day = 1}); raises("field 'month' is out-of-bound", time, {year = 2000, month = 1 << 33, day = 1})
raises("field 'sec' is out-of-bound", time, {year = 2000, month = 1, day = 1, sec = math.mininteger}); raises("bad argument #1 to 'os.time' (table expected, got number)", time, 5)
-- difftime, clock
equal(os.difftime(10, 4), 6.0); equal(os.difftime(0, 1), -1.0); equal(math.type(os.difftime(5, 5)), "float")
raises("bad argument #2 to 'os.difftime' (number expected, got no value)", os.difftime, 1)
do local c = os.clock(); check(math.type(c) == "float" and c >= 0); for i = 1, 1000 do end check(os.clock() >= c) end

return "ok", checks
