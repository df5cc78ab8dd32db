-- To-be-closed variables: order, errors, yields, tail calls, coroutines.

local function eq(a, b)
  if a ~= b then error(("expected %s, found %s"):format(tostring(b), tostring(a)), 2) end
end

local log
local function tbc(name, f)
  return setmetatable({}, {__close = function(o, e)
    log[#log + 1] = name .. (e ~= nil and ":" .. tostring(e) or "")
    if f then return f(o, e) end
  end})
end
local function check(expected)
  eq(table.concat(log, " "), expected)
end
local function start() log = {} end

do  -- reverse order, at each way of leaving a block
  start()
  do local a <close> = tbc "a"; local b <close> = tbc "b" end
  check "b a"
  start()
  for i = 1, 3 do local a <close> = tbc("i" .. i); if i == 2 then break end end
  check "i1 i2"
  start()
  do
    local i = 0
    ::again::
    do local a <close> = tbc("g" .. i); i = i + 1; if i < 3 then goto again end end
  end
  check "g0 g1 g2"
  start()
  local function f(...) local a <close> = tbc "f"; return ... end
  eq(select("#", f(1, nil, 3, nil)), 4)
  check "f"
  start()
  local i = 0
  repeat local a <close> = tbc("r" .. i); i = i + 1 until i >= 3
  check "r0 r1 r2"
  start()
  while true do local a <close> = tbc "w"; do local b <close> = nil end break end
  check "w"
  local x <close> = false
end

do  -- return values are kept, whatever the closing does
  start()
  local function f()
    local a <close> = tbc("a", function() return 100, 200 end)
    local v = 1
    local b <close> = tbc("b", function() v = 2 end)
    return v, v + 1, {v}
  end
  local x, y, z = f()
  eq(x, 1); eq(y, 2); eq(z[1], 1)
  check "b a"
  -- no tail call with a variable to close
  local function depth() return #debug.traceback() end
  local function g() local a <close> = tbc "g"; return depth() end
  assert(g() > 0)
end

do  -- errors
  start()
  local function f()
    local a <close> = tbc "a"
    local b <close> = tbc("b", function() error("eb", 0) end)
    local c <close> = tbc "c"
    error("e", 0)
  end
  local ok, m = pcall(f)
  eq(m, "eb")
  check "c:e b:e a:eb"
  start()
  ok, m = pcall(function()
    local a <close> = tbc("a", function() error("ea", 0) end)
    local b <close> = tbc("b", function() error("eb", 0) end)
    return 1
  end)
  eq(ok, false); eq(m, "ea")
  check "b a:eb"
  start()
  ok, m = xpcall(function()
    local a <close> = tbc("a", function() error("ea", 0) end)
    error("e", 0)
  end, function(m) return "h" .. m end)
  eq(ok, false)
  assert(m == "hea" or m == "hhea" or m:find("ea$"), m)
  ok, m = pcall(function() local a <close> = 42 end)
  assert(m:find("variable 'a' got a non%-closable value"))
  ok, m = pcall(function() local xyz <close> = {} end)
  assert(m:find("variable 'xyz' got a non%-closable value"))
  -- the metamethod gone by the time it is needed
  local t = setmetatable({}, {__close = function() end})
  ok, m = pcall(function() local a <close> = t; getmetatable(t).__close = nil end)
  assert(not ok and m:find("metamethod 'close'"), m)
  -- error objects of any type
  local obj = {}
  local seen
  ok, m = pcall(function()
    local a <close> = setmetatable({}, {__close = function(_, e) seen = e end})
    error(obj)
  end)
  assert(m == obj and seen == obj)
  ok, m = pcall(function()
    local a <close> = setmetatable({}, {__close = function(_, e) seen = e end})
    error(nil)
  end)
end

do  -- yields while closing: at the end of a block, at return, after an error
  start()
  local function ytbc(name) return tbc(name, function() coroutine.yield(name) end) end
  local co = coroutine.wrap(function(...)
    do local a <close> = ytbc "a"; local b <close> = ytbc "b" end
    local function f(...)
      local c <close> = ytbc "c"
      local d <close> = ytbc "d"
      return ...
    end
    local n = select("#", f(1, nil, nil))
    local ok, m = pcall(function()
      local e <close> = ytbc "e"
      local f <close> = ytbc "f"
      error("err", 0)
    end)
    for i = 1, 2 do local g <close> = ytbc("g" .. i) end
    for _, v in next, {10}, nil, ytbc "h" do n = n + v end
    return n, ok, m
  end)
  for _, e in ipairs{"b", "a", "d", "c", "f", "e", "g1", "g2", "h"} do eq(co(), e) end
  local n, ok, m = co()
  eq(n, 13); eq(ok, false); eq(m, "err")
  check "b a d c f:err e:err g1 g2 h"
end

do  -- errors and yields mixed while closing
  start()
  local co = coroutine.wrap(function()
    return pcall(function()
      local a <close> = tbc("a", function(_, e) coroutine.yield("ya"); error(tostring(e) .. "+a", 0) end)
      local b <close> = tbc("b", function(_, e) coroutine.yield("yb"); error(tostring(e) .. "+b", 0) end)
      local c <close> = tbc("c", function() coroutine.yield("yc") end)
      coroutine.yield("body")
      error("e", 0)
    end)
  end)
  for _, e in ipairs{"body", "yc", "yb", "ya"} do eq(co(), e) end
  local ok, m = co()
  eq(ok, false); eq(m, "e+b+a")
  check "c:e b:e a:e+b"
end

do  -- coroutine.close
  start()
  local co = coroutine.create(function()
    local a <close> = tbc "a"
    pcall(function()
      local b <close> = tbc "b"
      coroutine.yield(1)
    end)
  end)
  coroutine.resume(co)
  local ok, m = coroutine.close(co)
  eq(ok, true)
  check "b a"
  eq(coroutine.status(co), "dead")
  start()
  co = coroutine.create(function()
    local a <close> = tbc("a", function() error("ea", 0) end)
    local b <close> = tbc("b", function() error("eb", 0) end)
    coroutine.yield(1)
  end)
  coroutine.resume(co)
  ok, m = coroutine.close(co)
  eq(ok, false); eq(m, "ea")
  check "b a:eb"
  -- a coroutine that dies by an error: closed by wrap, by close for resume
  start()
  local w = coroutine.wrap(function() local a <close> = tbc "a"; error("e", 0) end)
  ok, m = pcall(w)
  assert(m:find("e$"))
  check "a:e"
  start()
  co = coroutine.create(function() local a <close> = tbc "a"; coroutine.yield() error("e", 0) end)
  coroutine.resume(co)
  ok, m = coroutine.resume(co)
  eq(m, "e")
  coroutine.close(co)
  check "a:e"
  -- no yield can leave a close
  start()
  co = coroutine.create(function()
    local a <close> = tbc("a", function() coroutine.yield(1) end)
    coroutine.yield(2)
  end)
  coroutine.resume(co)
  ok, m = coroutine.close(co)
  eq(ok, false)
  assert(m:find("attempt to yield across a C%-call boundary"))
end

do  -- the fourth value of a generic for
  start()
  for i in function(_, i) i = (i or 0) + 1; if i <= 3 then return i end end, nil, nil, tbc "x" do
    log[#log + 1] = tostring(i)
  end
  check "1 2 3 x"
  start()
  pcall(function() for i in next, {1}, nil, tbc "x" do error("e", 0) end end)
  check "x:e"
  start()
  local function f() for i in next, {7}, nil, tbc "x" do return i end end
  eq(f(), 1)
  check "x"
end

do  -- stack overflow inside a close; many variables
  start()
  local ok, m = pcall(function()
    local a <close> = tbc("a", function() local function r() return 1 + r() end return r() end)
    local b <close> = tbc "b"
  end)
  assert(not ok and m:find("stack overflow"))
  start()
  local function nest(n) if n == 0 then return 0 end local a <close> = tbc(n % 50 == 0 and tostring(n) or ""); return 1 + nest(n - 1) end
  eq(nest(150), 150)
  eq(#log, 150)
end

return "ok", 1  -- the whole file as one check: it asserts without counting
