-- The debug library while the interpreter's loop is left and re-entered:
-- hooks are called once for each event, tracebacks and levels stay right.

local function eq(a, b)
  if a ~= b then error(("expected %s, found %s"):format(tostring(b), tostring(a)), 2) end
end
assert(debug.gethook() == nil)

do  -- call and return hooks: exactly one of each
  local calls, returns, tails = 0, 0, 0
  local function hook(e)
    if e == "call" then calls = calls + 1
    elseif e == "tail call" then tails = tails + 1
    else returns = returns + 1 end
  end
  local function f(n) if n == 0 then return 0 end return 1 + f(n - 1) end
  debug.sethook(hook, "cr")
  f(100)
  debug.sethook()
  eq(calls, 101 + 1)  -- and sethook
  eq(returns, 101 + 1)  -- and the first sethook
  calls, returns, tails = 0, 0, 0
  local function t(n) if n == 0 then return 0 end return t(n - 1) end
  debug.sethook(hook, "cr")
  t(100)
  debug.sethook()
  eq(tails, 100); eq(calls, 2); eq(returns, 2)
  -- functions whose first instruction is the target of a backward jump
  calls, tails = 0, 0
  local loop = load("::top:: if stop() then return end goto top")
  local n = 0
  function stop() n = n + 1; return n > 50 end
  debug.sethook(hook, "c")
  loop()
  debug.sethook()
  eq(calls, 1 + 51 + 1)
  stop = nil
  -- a loop at the very start of a function without varargs
  calls, n = 0, 0
  local function w() while n < 1000 do n = n + 1 end end
  debug.sethook(hook, "c")
  w()
  debug.sethook()
  eq(calls, 2)
end

do  -- line hooks: each line in turn
  local function lines(code)
    local f = assert(load(code, "=lines"))
    local t = {}
    debug.sethook(function(_, l) if debug.getinfo(2, "S").source == "=lines" then t[#t + 1] = l end end, "l")
    f()
    debug.sethook()
    return table.concat(t, " ")
  end
  eq(lines"local a = 1\nlocal b = 2\n\nlocal c = a + b\n", "1 2 4")
  eq(lines"for i = 1, 3 do\n  local x = i\nend\n", "1 2 1 2 1 2 1 3")
  eq(lines"local i = 0\nwhile i < 3 do\n  i = i + 1\nend\n", "1 2 3 2 3 2 3 2 4")
  eq(lines"local i = 0\nrepeat\n  i = i + 1\nuntil i == 2\n", "1 3 4 3 4")
  eq(lines"local function f()\n  return 1\nend\nf()\n", "3 4 2")
  -- a one-line loop reports its line for each round
  local n = 0
  local f = load("for i = 1, 50 do end", "=one")
  debug.sethook(function() if debug.getinfo(2, "S").source == "=one" then n = n + 1 end end, "l")
  f()
  debug.sethook()
  assert(n >= 50, n)
end

do  -- count hooks, and hooks that raise
  local n = 0
  debug.sethook(function() n = n + 1 end, "", 100)
  local s = 0
  for i = 1, 10000 do s = s + i end
  debug.sethook()
  assert(n > 100)
  local ok, m = pcall(function()
    debug.sethook(function() error("hook", 0) end, "", 1000)
    while true do end
  end)
  debug.sethook()
  eq(m, "hook")
  ok, m = pcall(function()
    local k = 0
    debug.sethook(function() k = k + 1; if k == 30 then error("line", 0) end end, "l")
    for i = 1, 1000 do
      s = s + 1
    end
  end)
  debug.sethook()
  eq(m, "line")
end

do  -- a hook set in the middle of a loop, from inside and from a callee
  local n = 0
  local function on() debug.sethook(function() n = n + 1 end, "l") end
  for i = 1, 100 do
    if i == 50 then on() end
    if i == 60 then debug.sethook() end
  end
  assert(n >= 20, n)
  n = 0
  for i = 1, 100 do if i == 50 then on() end if i == 60 then debug.sethook() end end
  assert(n >= 10, n)
end

do  -- hooks belong to one coroutine
  local n = 0
  local co = coroutine.create(function() for i = 1, 10 do coroutine.yield(i) end end)
  debug.sethook(co, function() n = n + 1 end, "l")
  assert(debug.gethook(co))
  assert(debug.gethook() == nil)
  for i = 1, 10 do coroutine.resume(co) end
  assert(n >= 10)
  local m = n
  for i = 1, 100 do end
  eq(n, m)
  -- call and return hooks around yields
  local events = {}
  co = coroutine.create(function() local x = coroutine.yield(1); return x end)
  debug.sethook(co, function(e) events[#events + 1] = e .. ":" .. tostring(debug.getinfo(2, "n").name) end, "cr")
  coroutine.resume(co)
  coroutine.resume(co, 5)
  eq(table.concat(events, " "), "call:nil call:yield return:yield return:nil")
end

do  -- tracebacks and levels
  local function deep(n) if n == 0 then return debug.traceback("m") end local r = deep(n - 1); return r end
  local t = deep(5)
  assert(t:find("^m\nstack traceback:\n"))
  eq(select(2, t:gsub("in [%w ]*'?deep", "")) + select(2, t:gsub("in function <", "")) >= 5, true)
  local t = deep(100)
  assert(t:find("%.%.%.%s*%(skipping %d+ levels%)"))
  local function tail() return deep(1) end
  assert(tail():find("%(%.%.%.tail calls%.%.%.%)"))
  local co = coroutine.create(function() local function inner() coroutine.yield() end inner() end)
  coroutine.resume(co)
  t = debug.traceback(co)
  assert(t:find("yield") and t:find("inner") and t:find("in function <"))
  t = debug.traceback(co, "msg", 1)
  assert(t:find("^msg\n") and not t:find("yield"))
  coroutine.resume(co)
  co = coroutine.create(function() local x = nil; x() end)
  coroutine.resume(co)
  assert(debug.traceback(co):find("in function <"))
  eq(debug.traceback(co, co), co)
end

do  -- getinfo in all the usual ways
  local function f(a, b, ...) return debug.getinfo(1, "nSlutf") end
  local i = f(1, 2, 3)
  eq(i.what, "Lua"); eq(i.nparams, 2); eq(i.isvararg, true); eq(i.func, f)
  eq(i.name, "f"); eq(i.namewhat, "local")
  assert(i.currentline > 0 and i.linedefined <= i.currentline)
  i = debug.getinfo(print, "Su")
  eq(i.what, "C"); eq(i.nups, 0)
  assert(not debug.getinfo(1000))
  assert(not pcall(debug.getinfo, 1, "Z"))
  local function g() return debug.getinfo(1, "t").istailcall end
  eq((g()), false)
  local function h() return g() end
  eq((h()), true)
  local al = debug.getinfo(load("local a\nlocal b = 1\n\nreturn b"), "L").activelines
  assert(al[2] and al[4] and not al[3])
end

do  -- locals, upvalues, their values in a suspended coroutine
  local function f(a, b) local c = a + b; local n, v = debug.getlocal(1, 3); return n, v end
  local n, v = f(1, 2)
  eq(n, "c"); eq(v, 3)
  local function set(a) debug.setlocal(1, 1, 99); return a end
  eq(set(1), 99)
  local function va(...) return debug.getlocal(1, -2) end
  n, v = va("x", "y")
  eq(v, "y")
  local co = coroutine.create(function(p) local q = p * 2; coroutine.yield(); return q end)
  coroutine.resume(co, 21)
  n, v = debug.getlocal(co, 1, 2)
  eq(n, "q"); eq(v, 42)
  eq(debug.setlocal(co, 1, 2, 43), "q")
  eq(select(2, coroutine.resume(co)), 43)
  local x, y = 1, 2
  local function fx() return x end
  local function fy() return y end
  eq(debug.getupvalue(fx, 1), "x")
  eq(debug.setupvalue(fx, 1, 10), "x"); eq(x, 10)
  assert(debug.upvalueid(fx, 1) ~= debug.upvalueid(fy, 1))
  debug.upvaluejoin(fx, 1, fy, 1)
  eq(fx(), 2)
  assert(debug.upvalueid(fx, 1) == debug.upvalueid(fy, 1))
end

do  -- a hook that yields nowhere and a hook inside metamethods
  local n = 0
  local mt = {__index = function(t, k) return k end, __add = function() return 1 end}
  local o = setmetatable({}, mt)
  debug.sethook(function() n = n + 1 end, "crl")
  local s = 0
  for i = 1, 100 do s = s + #o.x + (o + o) end
  debug.sethook()
  eq(s, 200)
  assert(n > 400)
  local ok, m = coroutine.resume(coroutine.create(function()
    debug.sethook(function() coroutine.yield() end, "l")
    local x = 1
    x = 2
  end))
  eq(ok, false)
  assert(m:find("attempt to yield across a C%-call boundary"))
end
assert(debug.gethook() == nil)

return "ok", 1  -- the whole file as one check: it asserts without counting
