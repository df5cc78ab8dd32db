-- coroutine.close: every state, to-be-closed variables, errors in closing, yields in __close.

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

local create, resume, yield, status, close =
  coroutine.create, coroutine.resume, coroutine.yield, coroutine.status, coroutine.close

local function closer (f) return setmetatable({}, {__close = f}) end

-- never started
do
  local co = create(print)
  equal(show(close(co)), "true")
  equal(status(co), "dead")
  equal(show(resume(co)), "false cannot resume dead coroutine")
  equal(show(close(co)), "true")        -- again is fine
end
-- finished
do
  local co = create(function () return 1 end)
  resume(co)
  equal(show(close(co)), "true")
end
-- ended by an error: the first close reports it
do
  local co = create(function () error("oops", 0) end)
  equal(show(resume(co)), "false oops")
  equal(show(close(co)), "false oops")
  equal(show(close(co)), "true")
  local t = {}
  co = create(function () error(t) end)
  resume(co)
  local ok, e = close(co)
  equal(ok, false); equal(e, t)
end
-- suspended, with variables to close, in reverse order
do
  local log = {}
  local co = create(function ()
    local a <close> = closer(function (_, e) log[#log + 1] = "a " .. tostring(e) end)
    local b <close> = closer(function (_, e) log[#log + 1] = "b " .. tostring(e) end)
    do
      local c <close> = closer(function (_, e) log[#log + 1] = "c " .. tostring(e) end)
    end
    yield(1)
    log[#log + 1] = "not reached"
  end)
  equal(show(resume(co)), "true 1")
  equal(show(close(co)), "true")
  equal(table.concat(log, ","), "c nil,b nil,a nil")
  equal(status(co), "dead")
end
-- across several frames, and inside pcall frames of the coroutine
do
  local log = {}
  local function f (n)
    local v <close> = closer(function () log[#log + 1] = n end)
    if n == 3 then yield() else pcall(f, n + 1) end
    log[#log + 1] = "after " .. n
  end
  local co = create(f)
  resume(co, 1)
  equal(show(close(co)), "true")
  equal(table.concat(log, ","), "3,2,1")
end
-- an error while closing: the others are still closed and see it
do
  local log = {}
  local co = create(function ()
    local a <close> = closer(function (_, e) log[#log + 1] = "a " .. tostring(e) end)
    local b <close> = closer(function (_, e) log[#log + 1] = "b " .. tostring(e); error("from b", 0) end)
    local c <close> = closer(function (_, e) log[#log + 1] = "c " .. tostring(e); error("from c", 0) end)
    yield()
  end)
  resume(co)
  equal(show(close(co)), "false from b")
  equal(table.concat(log, ","), "c nil,b from c,a from b")
  equal(status(co), "dead")
  equal(show(close(co)), "true")
end
-- running, normal, main
do
  local main = coroutine.running()
  if _VERSION == "Lua 5.4" then
    raises("cannot close a running coroutine", close, main)
  else
    raises("cannot close main thread", close, main)
  end
  local outer
  outer = create(function ()
    local inner = create(function () raises("cannot close a normal coroutine", close, outer) end)
    assert(resume(inner))
    if _VERSION == "Lua 5.4" then
      raises("cannot close a running coroutine", close, outer)
      return "ended"
    else
      close(outer)            -- 5.5: a coroutine may close itself, and does not come back
      return "not reached"
    end
  end)
  equal(show(resume(outer)), _VERSION == "Lua 5.4" and "true ended" or "true")
  equal(status(outer), "dead")
end
if _VERSION == "Lua 5.4" then raises("bad argument #1 to 'coroutine.close' (thread expected, got no value)", close) end
raises("bad argument #1 to 'coroutine.close' (thread expected, got table)", close, {})
if _VERSION == "Lua 5.5" then
  -- closing itself without an argument; the variables are closed, errors come out of resume
  local log = {}
  local co = create(function ()
    local a <close> = closer(function (_, e) log[#log + 1] = "a " .. tostring(e) end)
    local ok = pcall(function ()
      local b <close> = closer(function (_, e) log[#log + 1] = "b " .. tostring(e) end)
      close()
    end)
    log[#log + 1] = "not reached"
  end)
  equal(show(resume(co)), "true")
  equal(table.concat(log, ","), "b nil,a nil")
  equal(status(co), "dead")
  co = create(function ()
    local a <close> = closer(function () error("in closing", 0) end)
    close()
  end)
  equal(show(resume(co)), "false in closing")
end

-- a closing function cannot yield when the closing comes from outside
do
  local co = create(function ()
    local a <close> = closer(function () yield() end)
    yield(1)
  end)
  resume(co)
  local ok, e = close(co)
  equal(ok, false)
  check(e:find("attempt to yield across a C-call boundary", 1, true))
end
-- but when the block ends by itself, it can, with and without an error, any number of times
do
  local function run (...)
    local co, trace = create(...), {}
    local r
    repeat
      r = table.pack(resume(co))
      trace[#trace + 1] = show(table.unpack(r, 1, r.n))
    until status(co) == "dead"
    return table.concat(trace, "; ")
  end
  equal(run(function ()
    do
      local a <close> = closer(function (_, e) yield("a", e); yield("a2") end)
      local b <close> = closer(function (_, e) yield("b", e) end)
      yield("body")
    end
    yield("after")
    return "end"
  end), "true body; true b nil; true a nil; true a2; true after; true end")
  equal(run(function ()
    local a <close> = closer(function (_, e) yield("a", e) end)
    local b <close> = closer(function (_, e) yield("b", e) end)
    error("E", 0)
  end), "false E")          -- resume leaves them open after an error (see below)
  equal(run(function ()
    return pcall(function ()
      local a <close> = closer(function (_, e) yield("a", e) end)
      local b <close> = closer(function (_, e) yield("b", e); error("F", 0) end)
      error("E", 0)
    end)
  end), "true b E; true a F; true false F")
  equal(run(function ()   -- results of a return survive the yields of the closing
    local a <close> = closer(function () yield("closing") end)
    return 1, nil, 3
  end), "true closing; true 1 nil 3")
  equal(run(function ()   -- a tail position with a variable to close is no tail call
    local function g (...) yield("g"); return ... end
    local a <close> = closer(function () yield("closing") end)
    return g("x", "y")
  end), "true g; true closing; true x y")
  equal(run(function ()   -- leaving by break and goto
    for i = 1, 2 do
      local a <close> = closer(function () yield("c" .. i) end)
      if i == 2 then break end
      goto continue
      ::continue::
    end
    return "end"
  end), "true c1; true c2; true end")
  equal(run(function ()   -- the closing value of a generic for
    local n = 0
    for i in function () n = n + 1; if n <= 2 then return n end end, nil, nil, closer(function () yield("for closed") end) do
      yield(i)
    end
    return "end"
  end), "true 1; true 2; true for closed; true end")
end

-- after an error that ends the coroutine, close runs what is still to be closed, with the error
do
  local log = {}
  local co = create(function ()
    local a <close> = closer(function (_, e) log[#log + 1] = "a " .. tostring(e) end)
    local b <close> = closer(function (_, e) log[#log + 1] = "b " .. tostring(e) end)
    error("E", 0)
  end)
  equal(show(resume(co)), "false E")
  equal(#log, 0)
  equal(show(close(co)), "false E")
  equal(table.concat(log, ","), "b E,a E")
  equal(show(close(co)), "true")
end

-- a suspended coroutine that is collected does not run its closers
do
  local ran = false
  do
    local co = create(function () local a <close> = closer(function () ran = true end); yield() end)
    resume(co)
  end
  collectgarbage(); collectgarbage()
  equal(ran, false)
end

-- wrap closes on error (see coroutine_wrap), and closing within a running sibling works
do
  local log = {}
  local victim = create(function () local a <close> = closer(function () log[#log + 1] = "victim" end); yield() end)
  resume(victim)
  local killer = create(function () yield(close(victim)); return "done" end)
  equal(show(resume(killer)), "true true")
  equal(show(resume(killer)), "true done")
  equal(log[1], "victim")
end
-- close of a coroutine suspended in a deep recursion
do
  local n = 0
  local function deep (k)
    local a <close> = closer(function () n = n + 1 end)
    if k == 0 then yield() else deep(k - 1) end
  end
  local co = create(deep)
  resume(co, 100)
  equal(show(close(co)), "true")
  equal(n, 101)
end

return "ok", checks
