-- What debug sees of coroutines: tracebacks of suspended, dead and running ones, getinfo, locals,
-- hooks per coroutine, error positions after many switches.

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

-- 5.5 names functions by the call, 5.4 by the library that has them
local is55 = _VERSION == "Lua 5.5"

-- suspended
do
  local f = load([[
    local function inner ()
      local here = "local value"
      coroutine.yield(1)
    end
    local function outer ()
      inner()
      return nil
    end
    outer()
    return nil
  ]], "=co")
  local co = coroutine.create(f)
  equal(debug.traceback(co), "stack traceback:")
  coroutine.resume(co)
  local tb = debug.traceback(co, "msg")
  equal(tb, "msg\nstack traceback:\n\t[C]: in " .. (is55 and "field 'yield'" or "function 'coroutine.yield'")
    .. "\n\tco:3: in upvalue 'inner'\n\tco:6: in local 'outer'\n\tco:9: in main chunk")
  equal(debug.traceback(co, "m", 1):find("coroutine.yield", 1, true), nil)
  check(debug.traceback(co, "m", 1):find("co:3: in upvalue 'inner'", 1, true), debug.traceback(co, "m", 1))
  check(debug.traceback(co, "m", 2):find("^m\nstack traceback:\n\tco:6: in local 'outer'"))
  equal(debug.traceback(co, "m", 10), "m\nstack traceback:")
  equal(type(debug.traceback(co, {})), "table")     -- a message that is no string comes back
  -- frames of it
  equal(debug.getinfo(co, 0, "S").what, "C")
  equal(debug.getinfo(co, 1, "l").currentline, 3)
  equal(debug.getinfo(co, 2, "l").currentline, 6)
  equal(debug.getinfo(co, 3, "l").currentline, 9)
  equal(debug.getinfo(co, 4), nil)
  equal(show(debug.getlocal(co, 1, 1)), "here local value")
  equal(debug.setlocal(co, 1, 1, "changed"), "here")
  equal(show(debug.getlocal(co, 1, 1)), "here changed")
  equal(debug.getlocal(co, 1, 2), nil)
  coroutine.resume(co)
  equal(coroutine.status(co), "dead")
  equal(debug.traceback(co), "stack traceback:")
end

-- dead by an error: the stack of the error is still there
do
  local f = load([[
    local function fails (x)
      local v = x .. "!"
      error("oops " .. v)
    end
    fails("now")
    return nil
  ]], "=dead")
  local co = coroutine.create(f)
  local ok, e = coroutine.resume(co)
  equal(e, "dead:3: oops now!")
  local tb = debug.traceback(co)
  check(tb:find("\n\t[C]: in ", 1, true))
  check(tb:find("\n\tdead:3: in ", 1, true))
  check(tb:find("\n\tdead:5: in ", 1, true))
  equal(show(debug.getlocal(co, 1, 1)), "x now")
  equal(show(debug.getlocal(co, 1, 2)), "v now!")
end
do   -- the same after it has yielded and was resumed
  local co = coroutine.create(load("local y = coroutine.yield\ny()\ny()\nlocal t\nreturn t.x", "=later"))
  coroutine.resume(co); coroutine.resume(co)
  local ok, e = coroutine.resume(co)
  equal(e, "later:5: attempt to index a nil value (local 't')")
  check(debug.traceback(co):find("later:5: in ", 1, true))
end
do   -- after an error caught inside, and a yield from the handler's side
  local co = coroutine.create(load([[
    local ok, e = pcall(function ()
      coroutine.yield(1)
      error("inner")
    end)
    coroutine.yield(e)
    error("outer")
  ]], "=mix"))
  coroutine.resume(co)
  equal(select(2, coroutine.resume(co)), "mix:3: inner")
  equal(debug.getinfo(co, 1, "l").currentline, 5)
  equal(select(2, coroutine.resume(co)), "mix:6: outer")
end

-- from the inside
do
  local co
  co = coroutine.create(function ()
    local here = debug.traceback("inside")
    local there = debug.traceback(co, "inside")
    equal(here:match("^inside\nstack traceback:\n") ~= nil, true)
    equal(debug.getinfo(1, "f").func, debug.getinfo(co, 1, "f").func)
    local n = 0
    while debug.getinfo(n, "l") do n = n + 1 end
    return n
  end)
  equal(show(coroutine.resume(co)), "true 2")      -- getinfo itself and the body: the resumer is not seen
end

-- a normal coroutine (waiting for another) shows where it waits
do
  local outer = coroutine.create(load([[
    local inner = coroutine.create(...)
    return coroutine.resume(inner), 1
  ]], "=out"))
  local ok, seen = coroutine.resume(outer, function ()
    local tb = debug.traceback(outer)
    equal(tb, "stack traceback:\n\t[C]: in " .. (is55 and "field 'resume'" or "function 'coroutine.resume'")
      .. "\n\tout:2: in main chunk")
  end)
  equal(ok, true); equal(seen, true)
end

-- hooks belong to a coroutine
do
  local lines = {}
  local f = load("local a = 1\ncoroutine.yield()\nlocal b = 2\nreturn b", "=hooked")
  local co = coroutine.create(f)
  debug.sethook(co, function (_, l) lines[#lines + 1] = l end, "l")
  equal(debug.gethook(), nil)
  local h, mask = debug.gethook(co)
  equal(mask, "l")
  coroutine.resume(co)
  local x = 1     -- not hooked here
  coroutine.resume(co)
  equal(table.concat(lines, ","), "1,2,3,4")
  debug.sethook(co)
  equal(debug.gethook(co), nil)
end
do   -- a new coroutine has the mask of its creator, but no function
  local count = 0
  debug.sethook(function () count = count + 1 end, "l")
  local co = coroutine.create(function ()
    local a = 1
    local b = 2
  end)
  debug.sethook()
  count = 0
  coroutine.resume(co)
  equal(count, 0)
  equal(show(debug.gethook(co)), "nil l 0")
end
do   -- call and return events around yields
  local log = {}
  local co = coroutine.create(load("local y = ...\ny(1)\nreturn 5", "=ev"))
  debug.sethook(co, function (ev) local i = debug.getinfo(2, "S"); log[#log + 1] = ev .. ":" .. i.what end, "cr")
  coroutine.resume(co, coroutine.yield)
  coroutine.resume(co)
  equal(table.concat(log, " "), "call:main call:C return:C return:main")
end
do   -- counts go on over switches
  local n = 0
  local co = coroutine.create(function () for i = 1, 100 do coroutine.yield(i) end end)
  debug.sethook(co, function () n = n + 1 end, "", 10)
  for i = 1, 101 do coroutine.resume(co) end
  check(n >= 30 and n <= 120, tostring(n))
end
-- an error in a hook comes out of resume
do
  local co = coroutine.create(function () local x = 1; return x end)
  debug.sethook(co, function () error("from hook", 0) end, "l")
  equal(select(2, coroutine.resume(co)), "from hook")
end

-- transparent positions: the line of an error after thousands of switches
do
  local co = coroutine.create(load([[
    for i = 1, 3000 do coroutine.yield(i)
    end
    local x = {}
    return x.y.z
  ]], "=far"))
  local ok, e
  for i = 1, 3001 do ok, e = coroutine.resume(co) end
  equal(e, "far:4: attempt to index a nil value (field 'y')")
end

return "ok", checks
