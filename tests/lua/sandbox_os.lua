-- os in the module: UTC, no processes, files, environment or locales.

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

equal(os.execute(), false); equal(select("#", os.execute()), 1)
do local r, what, code = os.execute("ls"); equal(r, nil); equal(type(what), "string"); equal(math.type(code), "integer") end
raises("cannot exit: there is no process to end", os.exit); raises("cannot exit", os.exit, true); raises("cannot exit", os.exit, 3, true); raises("cannot exit", os.exit, false)
for _, n in ipairs {"PATH", "HOME", "USER", "LUA_PATH", "LUA_INIT", ""} do equal(os.getenv(n), nil); equal(select("#", os.getenv(n)), 1) end
do local r, msg, code = os.remove("x"); equal(r, nil); equal(msg, "x: no file system"); equal(math.type(code), "integer") end
do local r, msg, code = os.rename("x", "y"); equal(r, nil); check(msg:find("no file system", 1, true)); equal(math.type(code), "integer") end
raises("unable to generate a unique filename", os.tmpname)
equal(os.setlocale(), "C"); equal(os.setlocale("C"), "C"); equal(os.setlocale("POSIX"), "C"); equal(os.setlocale(""), "C"); equal(os.setlocale("de_DE"), nil); equal(os.setlocale("en_US.UTF-8", "numeric"), nil); equal(os.setlocale("C", "collate"), "C")
-- local time is UTC
local now = os.time()
check(now > 1700000000 and now < 4102444800); equal(os.date("%c", 0), "Thu Jan  1 00:00:00 1970"); equal(os.date("!%c", 0), os.date("%c", 0))
for _, t in ipairs {0, 1234567890, 1751328000, -86400, now} do
  equal(os.date("%Y-%m-%d %H:%M:%S", t), os.date("!%Y-%m-%d %H:%M:%S", t))
  equal(os.time(os.date("*t", t)), t); equal(os.time(os.date("!*t", t)), t); equal(os.date("*t", t).isdst, false)
end
equal(os.date("%z", 0), "+0000"); equal(os.date("%Z", 0), "UTC"); equal(os.time {year = 1970, month = 1, day = 1, hour = 0}, 0); equal(os.time {year = 1970, month = 1, day = 1, hour = 0, isdst = true}, 0)
equal(os.time {year = 2026, month = 11, day = 20, hour = 12}, 1795176000); equal(os.time {year = 1, month = 1, day = 1, hour = 0}, -62135596800)
equal(os.date("%Y", -62135596800), "1"); equal(os.date("%Y-%m-%d", 1 << 40), "36812-02-20")
do local c = os.clock(); check(c >= 0 and c < 1e6); local t = os.time(); for i = 1, 100000 do end check(os.clock() >= c and os.time() - t <= 60) end
-- math.random is seeded and os.time is an integer
equal(math.type(os.time()), "integer"); check(math.random() ~= math.random() or math.random() ~= math.random())

return "ok", checks
