-- Yields across everything that allows them (pcall, xpcall, metamethods, iterators, dofile-like
-- continuations, table functions' refusals) and errors where it is not allowed.

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

local create, resume, yield, status, wrap =
  coroutine.create, coroutine.resume, coroutine.yield, coroutine.status, coroutine.wrap

local function trace (f, ...)   -- all that f yields, then what it returns
  local co, out = create(f), {}
  local r = table.pack(resume(co, ...))
  while true do
    out[#out + 1] = show(table.unpack(r, 2, r.n))
    if not r[1] then return "ERROR " .. table.concat(out, "; ") end
    if status(co) == "dead" then return table.concat(out, "; ") end
    r = table.pack(resume(co, "r" .. #out))
  end
end

-- pcall and xpcall
equal(trace(function () return pcall(yield, 1) end), "1; true r1")
equal(trace(function () return pcall(function () local a = yield(1); local b = yield(2); return a, b end) end),
  "1; 2; true r1 r2")
equal(trace(function () return pcall(function () yield(1); error("E", 0) end) end), "1; false E")
equal(trace(function () return pcall(pcall, pcall, yield, 1) end), "1; true true true r1")
equal(trace(function () return pcall(pcall, error, "E") end), "true false E")
equal(trace(function () local a, b = pcall(error); return a, b end),
  _VERSION == "Lua 5.5" and "false <no error object>" or "false nil")
equal(trace(function ()
  return xpcall(function (...) local n = select("#", ...); yield(n); error("E", 0) end,
    function (m) return m .. "!" end, 1, nil, nil)
end), "3; false E!")
equal(trace(function () return xpcall(yield, print, "x") end), "x; true r1")
equal(trace(function ()
  local ok, e = pcall(function ()
    local ok2, e2 = pcall(function () yield("in"); error("first", 0) end)
    yield(e2)
    error("second", 0)
  end)
  yield(e)
  return "end"
end), "in; first; second; end")
equal(trace(function ()
  local out = {}
  for i = 1, 3 do
    local ok, e = pcall(function () if yield(i) == "r2" then error("on two", 0) end return i end)
    out[#out + 1] = tostring(ok) .. ":" .. e
  end
  return table.concat(out, ",")
end), "1; 2; 3; true:1,false:on two,true:3")
do   -- the error of a body resumed after a yield, with the position
  local f = load("local y = ...\ny(1)\nlocal z\nz.w = 1", "=b")
  equal(trace(function () return pcall(f, yield) end), "1; false b:4: attempt to index a nil value (local 'z')")
end
do   -- a handler runs at the point of the error, with the stack still there
  equal(trace(function ()
    return xpcall(function () local mark = 1; yield(); error("E") end, function (m)
      local tb = debug.traceback(m)
      return tb:find(" 'error'\n", 1, true) and "traced" or tb
    end)
  end), "; false traced")
end

-- every metamethod
do
  local mt = {}
  local function obj () return setmetatable({}, mt) end
  for _, ev in ipairs {"add", "sub", "mul", "div", "mod", "pow", "unm", "idiv", "band", "bor", "bxor", "shl", "shr",
      "bnot", "concat", "len", "eq", "lt", "le", "call", "index"} do
    mt["__" .. ev] = function (...) return yield(ev) end
  end
  mt.__newindex = function (t, k, v) rawset(t, "got", yield("newindex")) end
  local a, b = obj(), obj()
  local cases = {
    add = function () return a + b end, sub = function () return a - 1 end, mul = function () return 2 * a end,
    div = function () return a / b end, mod = function () return a % 3 end, pow = function () return a ^ 2 end,
    unm = function () return -a end, idiv = function () return a // 2 end, band = function () return a & 1 end,
    bor = function () return 1 | a end, bxor = function () return a ~ b end, shl = function () return a << 1 end,
    shr = function () return 1 >> a end, bnot = function () return ~a end, len = function () return #a end,
    call = function () return a(1, 2) end, index = function () return a.x end,
  }
  for ev, f in pairs(cases) do
    equal(trace(f), ev .. "; r1")
    equal(trace(function () local v = f(); return "v", v end), ev .. "; v r1")
    equal(trace(function () return pcall(f) end), ev .. "; true r1")
  end
  equal(trace(function () return a == b end), "eq; true")
  equal(trace(function () return a ~= b end), "eq; false")
  equal(trace(function () return a < b end), "lt; true")
  equal(trace(function () return a > 1 end), "lt; true")
  equal(trace(function () return a <= b end), "le; true")
  equal(trace(function () return not (a >= 2) end), "le; false")
  equal(trace(function () if a < b then return "then" else return "else" end end), "lt; then")
  equal(trace(function () if a == b and a <= b then return "both" end end), "eq; le; both")
  equal(trace(function () while a < b do break end return "left" end), "lt; left")
  equal(trace(function () a.new = 1; local g = rawget(a, "got"); a.got = nil; rawset(a, "got", nil); return g end), "newindex; r1")
  equal(trace(function () return a .. "x" end), "concat; r1")
  equal(trace(function () return "x" .. a end), "concat; r1")
  equal(trace(function () return "x" .. "y" .. a end), "concat; xr1")
  equal(trace(function () return 1 .. a .. 2 end), "concat; 1r1" )
  equal(trace(function () return a .. b .. a end), "concat; concat; r2")
  equal(trace(function () local t = {a.x, a.y, n = #a}; return t[1], t[2], t.n end), "index; index; len; r1 r2 r3")
  equal(trace(function () return a.x .. a.y end), "index; index; r1r2")
  equal(trace(function () return (a.x) end), "index; r1")
  equal(trace(function () local s = 0; for i = 1, 3 do s = s .. a[i] end return s end), "index; index; index; 0r1r2r3")
  check(trace(function () return a:method() end):find("^ERROR index; .*attempt to call a string value %(method 'method'%)"))
  -- falsy results of comparisons
  mt.__lt = function () yield("lt"); return false end
  equal(trace(function () return a < b end), "lt; false")
  equal(trace(function () if a < b then return "then" else return "else" end end), "lt; else")
  mt.__eq = function () yield("eq"); return nil end
  equal(trace(function () return a == b, a ~= b end), "eq; eq; false true")
end

-- iterators
equal(trace(function ()
  local sum = 0
  for a, b in function (s, c) if c < 3 then yield(c); return c + 1, c * 10 end end, nil, 0 do sum = sum + b end
  return sum
end), "0; 1; 2; 30")
equal(trace(function ()
  local r = {}
  for k, v in pairs(setmetatable({}, {__pairs = function (t) yield("pairs"); return next, {10, 20} end})) do r[#r + 1] = v; yield(k) end
  return r[1] + r[2]
end), "pairs; 1; 2; 30")
equal(trace(function ()
  local r = {}
  for i, v in ipairs(setmetatable({}, {__index = function (t, i) if i < 4 then return yield(i) end end})) do r[i] = v end
  return table.concat(r, ",")
end), "ERROR attempt to yield across a C-call boundary")
equal(trace(function ()
  for w in string.gmatch("a b c", "%a") do yield(w) end
  return "end"
end), "a; b; c; end")

-- refused: through a C function without continuation
local refused = "attempt to yield across a C-call boundary"
raises(refused, wrap(function () table.sort({3, 2, 1}, function (a, b) yield() end) end))
raises(refused, wrap(function () string.gsub("a", "a", function () yield() end) end))
raises(refused, wrap(function () local f, e = load(function () yield() end); error(e, 0) end))
raises(refused, wrap(function () return tostring(setmetatable({}, {__tostring = function () yield() end})) end))
raises(refused, wrap(function () return table.concat(setmetatable({}, {__len = function () return 1 end, __index = function () yield() end})) end))
raises(refused, wrap(function () return table.unpack(setmetatable({}, {__index = function () yield() end}), 1, 2) end))
raises(refused, wrap(function () table.insert(setmetatable({}, {__len = function () yield() end}), 1) end))
raises(refused, wrap(function () local _, e = xpcall(error, function (m) return select(2, pcall(yield)) end); error(e, 0) end))
raises(refused, wrap(function () debug.sethook(function () debug.sethook(); yield() end, "", 1); local x = 1; return x end))
debug.sethook()
raises("attempt to yield from outside a coroutine", function () yield() end)
equal(show(pcall(yield)), "false attempt to yield from outside a coroutine")

-- after a refusal the coroutine lives on
equal(trace(function ()
  local ok, e = pcall(table.sort, {2, 1}, function () yield() end)
  yield(ok, e)
  return "end"
end), "false attempt to yield across a C-call boundary; end")

-- a coroutine inside a callback may yield to its own resumer
equal(trace(function ()
  local t = {3, 1, 2}
  table.sort(t, function (a, b)
    local co = wrap(function () yield(a < b) end)
    return co()
  end)
  yield(table.concat(t, ","))
  return (string.gsub("abc", ".", function (c) return wrap(function () yield(c:upper()) end)() end))
end), "1,2,3; ABC")

-- multiple values, open calls, varargs around a yield
equal(trace(function (...)
  local function f (...) return ..., yield("f") end
  return select("#", f(1, 2, 3)), f(...)
end, "p", "q"), "f; f; 2 p r2")
equal(trace(function ()
  local t = {yield(1), yield(2), (yield(3))}
  return #t, t[1], t[2], t[3]
end), "1; 2; 3; 3 r1 r2 r3")
equal(trace(function () return math.max(#yield(1), #yield(2), 1) end), "1; 2; 2")
equal(trace(function () local a, b, c = yield(1); return a, b, c end), "1; r1 nil nil")
equal(trace(function () local t = {}; t[yield("k")], t[yield("k2")] = yield("v"), "w"; return t.r1, t.r2 end), "k; k2; v; r3 w")
equal(trace(function () return (yield(1)) == "r1" and yield(2) or yield(3) end), "1; 2; r2")
equal(trace(function () local s = "x"; s = s .. yield(1) .. yield(2); return s end), "1; 2; xr1r2")
equal(trace(function () return yield(yield(yield(1))) end), "1; r1; r2; r3")

return "ok", checks
