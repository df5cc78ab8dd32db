-- __call: arguments, chains, tail calls, methods, coroutines, errors; and what counts as callable.

local checks = 0

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

do
  local seen
  local o = setmetatable({}, {__call = function (...) seen = table.pack(...); return select(2, ...) end})
  equal(show(o()), ""); equal(seen.n, 1); equal(seen[1], o)
  equal(show(o(1, nil, 3)), "1 nil 3"); equal(seen.n, 4)
  equal(show(o {}):sub(1, 5), "table"); equal(show(o "str"), "str")
  equal(show((o)(1)), "1")
  equal(show(pcall(o, 1, 2)), "true 1 2")
  equal(select("#", o(table.unpack({}, 1, 100))), 100)
  local function tail (...) return o(...) end
  equal(show(tail(1, 2)), "1 2")
  equal(show(tail()), "")
  local t = {o = o}
  equal(show(t.o(5)), "5")
  local r = table.pack(t:o(5))
  equal(r[1], t); equal(r[2], 5)
end
-- chains
do
  local f = function (...) return select("#", ...), ... end
  local a = setmetatable({n = "a"}, {__call = f})
  local b = setmetatable({n = "b"}, {__call = a})
  local c = setmetatable({n = "c"}, {__call = b})
  local n, x, y, z, arg = c("arg")
  equal(n, 4); equal(x, a); equal(y, b); equal(z, c); equal(arg, "arg")
  local function tail (...) return c(...) end
  equal((tail()), 3); equal((tail(1, 2)), 5)
  local d = f
  for i = 1, 14 do d = setmetatable({}, {__call = d}) end
  equal((d()), 14)
  equal((d(1, 2)), 16)
end
do   -- in 5.5 chains are limited; endless ones are errors in both
  local d = function (...) return select("#", ...) end
  for i = 1, 100 do d = setmetatable({}, {__call = d}) end
  if _VERSION == "Lua 5.4" then equal(d(), 100)
  else raises("'__call' chain too long", d) end
  -- (An endless chain takes 5.4 minutes to run out of stack, so it is not tried there.)
  local loop = setmetatable({}, {})
  getmetatable(loop).__call = loop
  if _VERSION ~= "Lua 5.4" then raises("'__call' chain too long", loop) end
end
-- not callable
raises("attempt to call a table value", function () ({})() end)
raises("attempt to call a nil value", function () (nil)() end)
raises("attempt to call a number value", function () (5)() end)
raises("attempt to call a table value (local 't')", function () local t = setmetatable({}, {}); t() end)
raises("attempt to call a number value", function () setmetatable({}, {__call = 5})() end)
raises("attempt to call a string value", function () ("x")() end)
equal(show(pcall(nil)), "false attempt to call a nil value")
equal(show(pcall({})), "false attempt to call a table value")
-- library functions that take a function take a callable only where the manual has no type check
do
  local o = setmetatable({}, {__call = function (self, a, b) return a < b end})
  raises("bad argument #2 to 'table.sort' (function expected, got table)", table.sort, {2, 1}, o)
  raises("bad argument #1 to 'coroutine.wrap' (function expected, got table)", coroutine.wrap, o)
  raises("bad argument #1 to 'load' (function expected, got table)", load, o)
  equal((string.gsub("abc", "b", setmetatable({}, {__index = function () return "X" end}))), "aXc")
  local it = setmetatable({}, {__call = function (self, s, c) if c < s then return c + 1 end end})
  local sum = 0
  for i in it, 4, 0 do sum = sum + i end
  equal(sum, 10)
  raises("bad argument #2 to 'xpcall' (function expected, got table)", xpcall, error, o)
  equal(show(coroutine.wrap(function () return pcall(setmetatable({}, {__call = coroutine.yield}), 1) end)()):find(" 1$") ~= nil, true)
end
-- a class with a constructor by call
do
  local Account = setmetatable({}, {__call = function (cls, n) return setmetatable({balance = n}, cls) end})
  Account.__index = Account
  function Account:deposit (n) self.balance = self.balance + n; return self end
  equal(Account(10):deposit(5):deposit(1).balance, 16)
end
-- any type through debug.setmetatable
do
  debug.setmetatable(0, {__call = function (n, x) return n * x end})
  equal((6)(7), 42)
  debug.setmetatable(0, nil)
  debug.setmetatable(nil, {__call = function (n, x) return x end})
  equal((nil)(3), 3)
  debug.setmetatable(nil, nil)
  raises("attempt to call a number value", function () (6)(7) end)
end
-- deep recursion through __call is a stack overflow, not a crash
do
  local o = setmetatable({}, {})
  getmetatable(o).__call = function (self, n) return 1 + self(n + 1) end
  raises("stack overflow", o, 1)
  local n = 0
  getmetatable(o).__call = function (self, k) if k == 0 then return "end" end return self(k - 1) end
  equal(o(100000), "end")     -- as a tail call it runs for ever
end

return "ok", checks
