-- The basic functions that are not in files of their own: type, select, raw access, next, pairs,
-- ipairs, assert, print's conversion, the global table, warn, _VERSION.

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

-- what is there, and nothing else
do
  local want = {"_G", "_VERSION", "assert", "collectgarbage", "coroutine", "debug", "dofile", "error", "getmetatable",
    "io", "ipairs", "load", "loadfile", "math", "next", "os", "package", "pairs", "pcall", "print", "rawequal",
    "rawget", "rawlen", "rawset", "require", "select", "setmetatable", "string", "table", "tonumber", "tostring",
    "type", "utf8", "warn", "xpcall"}
  for _, name in ipairs(want) do check(_G[name] ~= nil, name) end
  check(_VERSION == "Lua 5.4" or _VERSION == "Lua 5.5")
  equal(_G._G, _G)
  for _, gone in ipairs {"loadstring", "unpack", "setfenv", "getfenv", "module", "table.getn"} do equal(rawget(_G, gone), nil) end
  local libs = {
    coroutine = "close create isyieldable resume running status wrap yield",
    debug = "debug gethook getinfo getlocal getmetatable getregistry getupvalue getuservalue sethook setlocal " ..
      "setmetatable setupvalue setuservalue traceback upvalueid upvaluejoin",
    io = "close flush input lines open output popen read stderr stdin stdout tmpfile type write",
    math = "abs acos asin atan ceil cos deg exp floor fmod huge log max maxinteger min mininteger modf pi rad random " ..
      "randomseed sin sqrt tan tointeger type ult",
    os = "clock date difftime execute exit getenv remove rename setlocale time tmpname",
    package = "config cpath loaded loadlib path preload searchers searchpath",
    string = "byte char dump find format gmatch gsub len lower match pack packsize rep reverse sub unpack upper",
    table = "concat insert move pack remove sort unpack",
    utf8 = "char charpattern codepoint codes len offset",
  }
  for lib, names in pairs(libs) do
    for name in names:gmatch("%S+") do check(_G[lib][name] ~= nil, lib .. "." .. name) end
    equal(package.loaded[lib], _G[lib])
  end
  equal(package.loaded._G, _G)
end

-- type
for _, c in ipairs {{nil, "nil"}, {true, "boolean"}, {1, "number"}, {1.5, "number"}, {"", "string"}, {{}, "table"},
    {print, "function"}, {function () end, "function"}, {coroutine.create(print), "thread"}, {io.stdout, "userdata"}} do
  if c[2] then equal(type(c[1]), c[2]) end
end
equal(type(nil), "nil")
raises("bad argument #1 to 'type' (value expected)", type)
equal(select("#", type(1, 2)), 1)

-- select
equal(select("#"), 0); equal(select("#", nil), 1); equal(select("#", nil, nil), 2)
equal(show(select(1, "a", "b", "c")), "a b c"); equal(show(select(2, "a", "b", "c")), "b c")
equal(show(select(3, "a", "b", "c")), "c"); equal(show(select(4, "a", "b", "c")), "")
equal(show(select(100, "a")), ""); equal(show(select(math.maxinteger, "a")), "")
equal(show(select(-1, "a", "b", "c")), "c"); equal(show(select(-3, "a", "b", "c")), "a b c")
equal(show(select("2", "a", "b")), "b"); equal(show(select(2.0, "a", "b")), "b")
raises("bad argument #1 to 'select' (index out of range)", select, 0, "a")
raises("bad argument #1 to 'select' (index out of range)", select, -2, "a")
raises("bad argument #1 to 'select' (index out of range)", select, math.mininteger, "a")
raises("bad argument #1 to 'select' (number expected, got string)", select, "x")
raises("bad argument #1 to 'select' (number expected, got no value)", select)
raises("bad argument #1 to 'select' (number has no integer representation)", select, 1.5, "a")

-- raw access
do
  local t = setmetatable({a = 1}, {__index = function () return "i" end, __newindex = function () error("no") end,
    __len = function () return 99 end, __eq = function () return true end})
  equal(rawget(t, "a"), 1); equal(rawget(t, "b"), nil)
  equal(rawset(t, "b", 2), t); equal(t.b, 2)
  equal(rawlen(t), 0); rawset(t, 1, "x"); equal(rawlen(t), 1); equal(rawlen("abc"), 3)
  equal(rawequal(t, setmetatable({}, getmetatable(t))), false); equal(rawequal(t, t), true)
  equal(rawequal(1, 1.0), true); equal(rawequal("a", "a"), true); equal(rawequal(nil, false), false)
  raises("table or string expected", rawlen, 5)
  raises("bad argument #1 to 'rawget' (table expected, got string)", rawget, "x", 1)
  raises("bad argument #2 to 'rawget' (value expected)", rawget, {})
  raises("bad argument #3 to 'rawset' (value expected)", rawset, {}, 1)
  raises("bad argument #2 to 'rawequal' (value expected)", rawequal, 1)
  raises("index is nil", rawset, {}, nil, 1)
end

-- next, pairs
do
  equal(next({}), nil); equal(select("#", next({})), 1)
  equal(show(next({10})), "1 10"); equal(show(next({10, 20}, 1)), "2 20"); equal(next({10}, 1), nil)
  equal(show(next({a = 1})), "a 1"); equal(next({a = 1}, "a"), nil)
  raises("invalid key to 'next'", next, {}, "nokey")
  raises("invalid key to 'next'", next, {1, 2}, 10)
  raises("bad argument #1 to 'next' (table expected, got nil)", next, nil)
  raises("bad argument #1 to 'for iterator' (table expected, got nil)", function () for k in pairs(nil) do end end)
  raises("bad argument #1 to 'pairs' (value expected)", pairs)
  -- every element once, in order for sequences
  local t = {}
  for i = 1, 100 do t[i] = i; t["k" .. i] = i; t[i + 0.5] = i end
  local n, sum, prev = 0, 0, 0
  for k, v in pairs(t) do
    n = n + 1; sum = sum + v
    if math.type(k) == "integer" then check(k == prev + 1); prev = k end
  end
  equal(n, 300); equal(sum, 3 * 5050)
  -- clearing and changing while walking
  for k in pairs(t) do t[k] = nil end
  equal(next(t), nil)
  for i = 1, 50 do t["x" .. i] = i end
  n = 0
  for k, v in pairs(t) do t[k] = v + 1; n = n + 1 end
  equal(n, 50); equal(t.x50, 51)
  for k, v in pairs(t) do if v % 2 == 0 then t[k] = nil end end
  n = 0
  for _ in pairs(t) do n = n + 1 end
  equal(n, 25)
  for k in pairs(t) do t[k] = nil; collectgarbage("step") end
  equal(next(t), nil)
end
-- ipairs
do
  local r = {}
  for i, v in ipairs {1, 2, nil, 4} do r[#r + 1] = i .. v end
  equal(table.concat(r, " "), "11 22")
  local f, t, i = ipairs({7})
  equal(type(f), "function"); equal(i, 0); equal(show(f(t, 0)), "1 7"); equal(show(f(t, 1)), "nil")
  t = {1, 2, 3}
  local n = 0
  for i, v in ipairs(t) do n = n + v; if i == 1 then t[4] = 10 end end
  equal(n, 16)
  raises("bad argument #1 to 'ipairs' (value expected)", ipairs)
  raises("attempt to index a number value", function () for i in ipairs(5) do end end)
  equal(show(ipairs("abc")):match("abc 0$"), "abc 0")
  for i, v in ipairs("abc") do error("strings have no elements") end
  local s = setmetatable({}, {__index = function (_, i) if i <= 5 then return i * i end end})
  n = 0
  for i, v in ipairs(s) do n = n + v end
  equal(n, 55)
end

-- assert
equal(show(assert(1, 2, 3)), "1 2 3"); equal(assert("x"), "x"); equal(show(assert(true)), "true")
equal(show(pcall(assert, false)), "false assertion failed!")
equal(show(pcall(assert, nil)), "false assertion failed!")
equal(show(pcall(assert, false, "msg")), "false msg")
equal(show(pcall(assert, nil, "msg", 1)), "false msg")
equal(show(pcall(assert, false, 5)), "false 5")
equal(show(pcall(assert, false, nil)), _VERSION == "Lua 5.5" and "false <no error object>" or "false nil")
do local t = {}; equal(select(2, pcall(assert, false, t)), t) end
raises("bad argument #1 to 'assert' (value expected)", assert)

-- print calls __tostring, writes tabs; its arguments are not changed
do
  local n = 0
  local o = setmetatable({}, {__tostring = function () n = n + 1; return "o" end})
  equal(select("#", print()), 0)
  raises("'__tostring' must return a string", print, setmetatable({}, {__tostring = function () return nil end}))
  n = 0
  local old = tostring
  tostring = function () error("print does not use the global tostring") end
  local ok = pcall(print)
  tostring = old
  equal(ok, true); equal(n, 0)
end

-- warn accepts strings only
raises("bad argument #1 to 'warn' (string expected, got no value)", warn)
raises("bad argument #2 to 'warn' (string expected, got table)", warn, "a", {})
equal(select("#", warn("@off")), 0)

return "ok", checks
