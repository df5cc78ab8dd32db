-- Errors: handlers, positions, levels, nesting, overflow, in all the places
-- where the interpreter's loop may have been left and re-entered before.

local v55 = _VERSION == "Lua 5.5"
local function eq(a, b)
  if a ~= b then error(("expected %s, found %s"):format(tostring(b), tostring(a)), 2) end
end
local function find(s, p)
  if not tostring(s):find(p) then error(("expected a match of %q, found %q"):format(p, tostring(s)), 2) end
end

do  -- values of all types through pcall and error
  for _, v in ipairs{1, 1.5, "s", true, false, {}, print, coroutine.create(print)} do
    local ok, e = pcall(error, v)
    eq(ok, false); eq(e, v)
  end
  local ok, e = pcall(error)
  eq(ok, false)
  assert(e == nil or v55)
  local t = table.pack(pcall(function(...) return ... end, 1, nil, 3, nil))
  eq(t.n, 5); eq(t[1], true); eq(t[4], 3)
  eq(select("#", pcall(function() end)), 1)
  find(select(2, pcall(pcall)), "value expected")
  ok, e = pcall(42)
  find(e, "attempt to call a number value")
  ok, e = pcall(nil)
  find(e, "attempt to call a nil value")
end

do  -- positions and levels
  local f = load("local x = 1\nerror('e')\n", "=chunk")
  eq(select(2, pcall(f)), "chunk:2: e")
  f = load("local function g() error('e', 2) end\n\ng()\n", "=chunk")
  eq(select(2, pcall(f)), "chunk:3: e")
  f = load("local function g() error('e', 3) end\nlocal function h()\n g()\nend\n\nh()\n", "=chunk")
  eq(select(2, pcall(f)), "chunk:6: e")
  eq(select(2, pcall(error, "e", 0)), "e")
  eq(select(2, pcall(error, "e", 1)), "e")
  -- lines inside loops, after thousands of backward jumps
  for _, body in ipairs{
    "local n = 0\nfor i = 1, 10000 do\n n = n + 1\n if i == 9000 then\n error('e') end\nend",
    "local n = 0\nwhile true do\n n = n + 1\n if n == 9000 then\n error('e') end\nend",
    "local n = 0\nrepeat\n n = n + 1\n if n == 9000 then\n error('e') end\nuntil false",
    "local n = 0\n::top::\n n = n + 1\n if n == 9000 then\n error('e') end\ngoto top",
    "local n = 0\nfor _ in function() return 1 end do\n n = n + 1\n if n == 9000 then\n error('e') end\nend",
  } do
    eq(select(2, pcall(assert(load(body, "=loop")))), "loop:5: e")
  end
end

do  -- an operation fails, or its metamethod, where the interpreter's loop comes back: before a backward jump
  local bad, n = setmetatable({}, {__lt = function() error("lt", 0) end}), 0
  for i = 1, 10000 do
    local ok, e = pcall(function() repeat local x = i until bad < 1 end)
    eq(e, "lt")
    ok, e = pcall(function() repeat local x = i until n < bad.x end)
    find(e, "compare number with nil")
    if i % 3 == 0 then n = -n end
  end
end

do  -- names of what went wrong
  local function msg(code)
    local f = assert(load(code, "=c"))
    local ok, m = pcall(f)
    eq(ok, false)
    return m
  end
  find(msg"local a; a.x = 1", "local 'a'")
  find(msg"local a = {}; return a.b.c", "field 'b'")
  find(msg"undefinedname()", "global 'undefinedname'")
  find(msg"local a = {}; a:foo()", "method 'foo'")
  find(msg"local a; return (function() return a.x end)()", "upvalue 'a'")
  find(msg"return 1 + {}", "arithmetic on a table value")
  find(msg"local s = 'x'; return s + 1", "attempt to add a 'string' with a 'number'")
  find(msg"local s = 'x'; return s | 1", "bitwise operation on a string value")
  find(msg"return {} .. 'x'", "concatenate a table value")
  find(msg"return {} < {}", "compare two table values")
  find(msg"return 1 < 'x'", "compare number with string")
  find(msg"return #5", "length of a number value")
  find(msg"return 2^53 | 1.5", "number has no integer representation")
  find(msg"return 1 // 0", "divide by zero")
  find(msg"return 1 % 0", "attempt to perform 'n%%0'")
end

do  -- message handlers
  local ok, m = xpcall(function() error("e", 0) end, function(m) return m .. "!" end)
  eq(m, "e!")
  local t = table.pack(xpcall(function(...) return ... end, error, 1, nil))
  eq(t.n, 3)
  -- the handler runs on top of the failing stack
  local depth
  xpcall(function() local function f(n) if n == 0 then error("e") end return (f(n - 1)) end f(20) end,
    function() depth = 0; while debug.getinfo(depth + 1, "l") do depth = depth + 1 end end)
  assert(depth > 20)
  -- errors in handlers
  local n = 0
  ok, m = xpcall(error, function(m) n = n + 1; if n < 5 then error("again") end return "done" .. n end)
  eq(ok, false); eq(m, "done5")
  ok, m = xpcall(error, function() error("for ever") end)
  eq(ok, false)
  ok, m = xpcall(error, function() local x = nil; return x() end)
  eq(ok, false)
  -- handlers of all kinds
  eq(select(2, xpcall(error, tostring, "m")), "m")
  eq(pcall(xpcall, error, setmetatable({}, {__call = tostring})), false)
  -- nested, each with its own
  ok, m = xpcall(function()
    local ok, m = xpcall(error, function(m) return "in" .. m end, "e")
    error(m, 0)
  end, function(m) return "out" .. m end)
  eq(m, "outine")
  -- a pcall inside a handler, and one around an xpcall
  ok, m = xpcall(error, function(m) local ok, k = pcall(error, "k", 0); return m .. k end, "m")
  eq(m, "mk")
  -- the handler does not see errors that an inner pcall catches
  n = 0
  ok = xpcall(function() for i = 1, 100 do pcall(error, i) end end, function() n = n + 1 end)
  eq(ok, true); eq(n, 0)
end

do  -- stack overflow is an error, from Lua and from C, and leaves all well
  local function inf() return 1 + inf() end
  for i = 1, 3 do
    local ok, m = pcall(inf)
    eq(ok, false); find(m, "stack overflow")
  end
  local function cinf() return string.gsub("x", "x", cinf) end
  local ok, m = pcall(cinf)
  eq(ok, false); find(m, "C stack overflow")
  local t = setmetatable({}, {})
  getmetatable(t).__index = function(t, k) return t[k .. "x"] end
  ok, m = pcall(function() return t.a end)
  eq(ok, false); find(m, "stack overflow")
  local function handler(m) return #m < 1000 and "handled" or m end
  ok, m = xpcall(inf, handler)
  eq(ok, false)
  local loop = setmetatable({}, {})
  getmetatable(loop).__index = loop
  ok, m = pcall(function() return loop.x end)
  find(m, "'__index' chain too long")
  getmetatable(loop).__newindex = loop
  ok, m = pcall(function() loop.x = 1 end)
  find(m, "'__newindex' chain too long")
  ok, m = pcall(string.rep, "xx", 1 << 62)
  find(m, "resulting string too large")
  ok, m = pcall(table.unpack, {}, 1, 1 << 30)
  find(m, "too many results to unpack")
  local ok, m = pcall(load, ("("):rep(1000))
  find(select(2, load("return " .. ("("):rep(1000) .. "1" .. (")"):rep(1000))), "overflow")
end

do  -- pcall inside everything, many times over
  local n = 0
  for i = 1, 5000 do
    local ok, e = pcall(function(a) if a % 2 == 0 then error(a) end return a end, i)
    if not ok then n = n + 1 end
    eq(e, i)
  end
  eq(n, 2500)
  local function nest(n) if n == 0 then error("bottom", 0) end local ok, m = pcall(nest, n - 1); error(m .. n, 0) end
  local ok, m = pcall(nest, 9)
  eq(m, "bottom123456789")
  local function rec(n) if n == 0 then return "ok" end return select(2, pcall(rec, n - 1)) end
  eq(rec(100), "ok")
  for i = 1, 200 do
    local ok, t = pcall(function() local t = {}; for j = 1, i do t[j] = {j} end error(t) end)
    eq(#t, i)
  end
  -- errors out of C callbacks
  ok, m = pcall(string.gsub, "abc", ".", function(c) if c == "b" then error("cb", 0) end end)
  eq(m, "cb")
  ok, m = pcall(table.sort, {3, 2, 1}, function() error("cmp", 0) end)
  eq(m, "cmp")
  ok, m = pcall(function() for _ in function() error("it", 0) end do end end)
  eq(m, "it")
  ok, m = pcall(next, {}, "nokey")
  find(m, "invalid key to 'next'")
end

do  -- errors in metamethods come out with the frames gone
  local mt = {__add = function() error("add", 0) end, __index = function(_, k) error("idx" .. k, 0) end,
    __len = function() error("len", 0) end, __eq = function() error("eq", 0) end,
    __lt = function() error("lt", 0) end, __concat = function() error("cat", 0) end,
    __call = function() error("call", 0) end, __unm = function() error("unm", 0) end}
  local a, b = setmetatable({}, mt), setmetatable({}, mt)
  local function m(f) return select(2, pcall(f)) end
  eq(m(function() return a + 1 end), "add")
  eq(m(function() return a.k end), "idxk")
  eq(m(function() return #a end), "len")
  eq(m(function() return a == b end), "eq")
  eq(m(function() return a < b end), "lt")
  eq(m(function() return "x" .. a .. "y" end), "cat")
  eq(m(function() return a() end), "call")
  eq(m(function() return (a()) end), "call")
  eq(m(function() return -a end), "unm")
end

do  -- finalisers that fail do no harm
  for i = 1, 20 do setmetatable({}, {__gc = function() error("gc") end}) end
  collectgarbage()
  local done = 0
  for i = 1, 20 do setmetatable({}, {__gc = function() done = done + 1 end}) end
  collectgarbage()
  eq(done, 20)
end

do  -- assert, error and tostring on what is no text
  local obj = {}
  eq(select(2, pcall(assert, false, obj)), obj)
  eq(select(2, pcall(assert, nil)), "assertion failed!")
  find(select(2, pcall(assert)), "value expected")
  eq(select("#", assert(1, 2, 3)), 3)
end

return "ok", 1  -- the whole file as one check: it asserts without counting
