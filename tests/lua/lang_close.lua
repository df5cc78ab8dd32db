-- To-be-closed variables: order, errors, values of returns, every way out of a block, checks.

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

local function fails (source, want)   -- compiling or running gives this very message
  checks = checks + 1
  local ok, err = load(source, "=c")
  if ok then ok, err = pcall(ok) end
  if ok or err ~= want then
    error("want the error '" .. want .. "', got " .. tostring(err), 2)
  end
end

local function run (source, ...)
  return assert(load(source, "=c"))(...)
end

local function closer (log, name, f)
  return setmetatable({}, {__close = function (self, e)
    log[#log + 1] = name .. (e ~= nil and "(" .. tostring(e) .. ")" or "")
    if f then return f(self, e) end
  end})
end
local function logged (f)
  local log = {}
  local r = table.pack(pcall(f, log))
  return table.concat(log, " ") .. " | " .. show(table.unpack(r, 1, r.n))
end

equal(logged(function (l) local a <close> = closer(l, "a"); local b <close> = closer(l, "b"); return 1, 2 end), "b a | true 1 2")
equal(logged(function (l) do local a <close> = closer(l, "a") end l[#l + 1] = "after" end), "a after | true")
equal(logged(function (l) local a <close> = closer(l, "a"); error("E", 0) end), "a(E) | false E")
equal(logged(function (l)
  local a <close> = closer(l, "a")
  local b <close> = closer(l, "b", function () error("from b", 0) end)
  local c <close> = closer(l, "c")
  error("E", 0)
end), "c(E) b(E) a(from b) | false from b")
equal(logged(function (l)
  local a <close> = closer(l, "a", function () error("from a", 0) end)
  return "lost"
end), "a | false from a")
-- leaving by break, goto, return from nested blocks, loops
equal(logged(function (l) while true do local a <close> = closer(l, "a"); break end return #l end), "a | true 1")
equal(logged(function (l) for i = 1, 3 do local a <close> = closer(l, "a" .. i) end end), "a1 a2 a3 | true")
equal(logged(function (l) for i = 1, 3 do local a <close> = closer(l, "a" .. i); if i == 2 then return i end end end), "a1 a2 | true 2")
equal(logged(function (l)
  do
    local a <close> = closer(l, "a")
    do local b <close> = closer(l, "b"); goto out end
  end
  ::out::
  return "out"
end), "b a | true out")
equal(logged(function (l)
  local i = 0
  ::again::
  do
    local a <close> = closer(l, "a" .. i)
    i = i + 1
    if i < 3 then goto again end
  end
end), "a0 a1 a2 | true")
equal(logged(function (l) repeat local a <close> = closer(l, "a"); local stop = #l >= 0 until stop; return #l end), "a | true 1")
equal(logged(function (l)
  repeat local a <close> = closer(l, "a") until #l > 2          -- closed before each new turn, after the condition
  return #l
end), "a a a a | true 4")
equal(logged(function (l)
  local function f () local a <close> = closer(l, "a"); return (function () l[#l + 1] = "call"; return 7 end)() end
  return f()
end), "call a | true 7")
-- nil and false are accepted and ignored
equal(logged(function (l) local a <close> = nil; local b <close> = false; local c <close> = closer(l, "c") end), "c | true")
-- other values need __close
raises("variable 'x' got a non-closable value", function () local x <close> = {} end)
raises("variable 'x' got a non-closable value", function () local x <close> = 42 end)
raises("variable 'x' got a non-closable value", function () local x <close> = setmetatable({}, {}) end)
raises("attempt to call a number value", function () local x <close> = setmetatable({}, {__close = 5}) end)
raises("metamethod 'close'", function () local x <close> = setmetatable({}, {__close = 5}) end)
do   -- the metamethod is looked up when it is needed
  local mt = {__close = function () end}
  local ok, e = pcall(function () local x <close> = setmetatable({}, mt); mt.__close = nil end)
  equal(ok, false)
  check(e:find("metamethod 'close'", 1, true), e)
end
-- closed variables are those declared so far
equal(logged(function (l)
  local a <close> = closer(l, "a")
  if #l == 0 then error("early", 0) end
  local b <close> = closer(l, "b")
end), "a(early) | false early")
equal(logged(function (l) local a <close>, b = closer(l, "a"), 2; return b end), "a | true 2")
-- the variable is still there while it is closed; upvalues see it
equal(logged(function (l)
  local keep
  do
    local a <close> = closer(l, "a", function (self) l[#l + 1] = tostring(self == keep()) end)
    keep = function () return a end
  end
  return type(keep())
end), "a true | true table")
-- a generic for's fourth value
do
  local function iter (l, n) return function (_, i) i = i + 1; if i <= n then return i end end, nil, 0, closer(l, "for") end
  equal(logged(function (l) for i in iter(l, 2) do l[#l + 1] = i end end), "1 2 for | true")
  equal(logged(function (l) for i in iter(l, 5) do if i == 3 then break end end end), "for | true")
  equal(logged(function (l) for i in iter(l, 5) do if i == 3 then return i end end end), "for | true 3")
  equal(logged(function (l) for i in iter(l, 5) do error("E" .. i, 0) end end), "for(E1) | false E1")
  equal(logged(function (l) for i in iter(l, 5) do goto out end ::out:: end), "for | true")
  equal(logged(function (l) for i in iter(l, 2) do for j in iter(l, 1) do l[#l + 1] = i .. j end end end), "11 for 21 for for | true")
  raises("variable '(for state)' got a non-closable value", function () for i in next, {}, nil, {} do end end)
end
-- error objects of any type, error in nested pcall inside __close
equal(logged(function (l) local a <close> = closer(l, "a"); error(nil) end),
  _VERSION == "Lua 5.5" and "a(<no error object>) | false <no error object>" or "a | false nil")
equal(logged(function (l) local a <close> = closer(l, "a"); error(false) end), "a(false) | false false")
equal(logged(function (l)
  local a <close> = closer(l, "a", function () pcall(error, "inner") end)
  error("E", 0)
end), "a(E) | false E")
-- varargs, results of calls in the block, many variables
equal(logged(function (l, ...) local a <close> = closer(l, "a"); return select("#", ...), ... end), "a | true 0")
equal(logged(function (l)
  local function f (...) local a <close> = closer(l, "a"); return ... end
  return f(1, nil, 3, nil)
end), "a | true 1 nil 3 nil")
do
  local l, n = {}, 100
  local src = {"local l, closer = ...\n"}
  for i = 1, n do src[#src + 1] = ("local v%d <close> = closer(l, '%d')\n"):format(i, i) end
  load(table.concat(src))(l, closer)
  equal(#l, n); equal(l[1], "100"); equal(l[100], "1")
end
do   -- a stack overflow and an error inside still close everything
  local opened, closed = 0, 0
  local mt = {__close = function () closed = closed + 1 end}
  local function deep ()
    local x <close> = setmetatable({}, mt)
    opened = opened + 1
    return deep() + 1
  end
  equal(pcall(deep), false)
  check(opened - closed <= 1 and closed > 100, opened .. " " .. closed)
end
-- tracebacks and names inside a closing method
do
  local info
  local f = load([[
    local mt = ...
    do
      local v <close> = setmetatable({}, mt)
    end
    return 1]], "=cl")
  f({__close = function () info = debug.getinfo(1, "n"); info.line = debug.getinfo(2, "l").currentline end})
  equal(info.namewhat, "metamethod"); equal(info.name, "close"); equal(info.line, 3)
end

-- constants
fails("local x <const> = 1; x = 2", "c:1: attempt to assign to const variable 'x'")
fails("local x <close> = nil; x = 2", "c:1: attempt to assign to const variable 'x'")
fails("local x <const> = 1; return function () x = 2 end", "c:1: attempt to assign to const variable 'x'")
fails("local x <konst> = 1", "c:1: unknown attribute 'konst'")
fails("local a <close>, b <close> = nil, nil", "c:1: multiple to-be-closed variables in local list")
fails("local x <const> = 1; for x = 1, 2 do end; x = 1", "c:1: attempt to assign to const variable 'x'")
fails("local function f () end; local g <const> = f; function g () end", "c:1: attempt to assign to const variable 'g'")
equal(run("local x <const> = 10; local y <const> = x * 2 + 1; return y"), 21)
equal(run("local x <const> = nil; return x"), nil)
equal(run("local x <const> = 'str'; return function () return x end")(), "str")
equal(run("local x <const>, y <const> = 1, {}; y.z = x; return y.z"), 1)
equal(run("local x <const> = 5; do local x = x + 1; x = x + 1; return x end"), 7)
equal(run("local a <const> = 1.5; local b <const> = true; local c <const> = false; return (b and a) or c"), 1.5)

return "ok", checks
