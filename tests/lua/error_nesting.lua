-- Errors raised by functions of the libraries, by where they are raised and
-- where they are caught: what is closed, called and left in which order.

local checks = 0
local v55 = _VERSION == "Lua 5.5"

local function show(v)
  if type(v) == "string" then return v end
  return type(v) == "table" and "table" or tostring(v)
end

local function list(...)
  local t = table.pack(...)
  for i = 1, t.n do t[i] = show(t[i]) end
  return table.concat(t, " ")
end

local function equal(got, want)
  checks = checks + 1
  if got ~= want then error(("got %s, want %s"):format(got, want), 2) end
end

-- what an error without a value is caught as
local none = v55 and "<no error object>" or "nil"

local log
local function note(...) log[#log + 1] = list(...) end
local function logged(f, ...)
  log = {}
  note(f(...))
  return table.concat(log, "; ")
end

local function closing(name, f)
  return setmetatable({}, {__close = function(_, e) note(name, e); if f then f(e) end end})
end

-- Ways to raise, each in a call of its own
local raisers = {
  function(v) error(v, 0) end,
  function(v) return error(v, 0) end,
  function(v) assert(false, v) end,
  function(v) return assert(nil, v) end,
  function(v) coroutine.wrap(error)(v, 0) end,
  function(v) return coroutine.wrap(function() error(v, 0) end)() end,
  function(v) local _ = setmetatable({}, {__index = function() error(v, 0) end}).x end,
  function(v) return setmetatable({}, {__add = function() error(v, 0) end}) + 1 end,
  function(v) for _ in error, v, 0 do end end,
  function(v) for _ in function() assert(false, v) end do end end,
  function(v) table.sort({2, 1}, function() error(v, 0) end) end,
  function(v) string.gsub("a", ".", function() error(v, 0) end) end,
  function(v) local _ <close> = setmetatable({}, {__close = function() error(v, 0) end}) end,
  function(v) select("#", pcall(error), error(v, 0)) end,
}

-- Ways to catch
local catchers = {
  function(f, ...) return pcall(f, ...) end,
  function(f, ...) local ok, e = pcall(f, ...); return ok, e end,
  function(f, ...) return xpcall(f, function(e) return e end, ...) end,
  function(f, ...) return coroutine.resume(coroutine.create(f), ...) end,
  function(f, ...) return pcall(coroutine.wrap(f), ...) end,
  function(f, ...) return pcall(pcall(error) and f or f, ...) end,
  function(f, ...) return select(2, pcall(pcall, f, ...)) end,
  function(f, ...) return coroutine.wrap(function(...) return pcall(f, ...) end)(...) end,
  function(f, ...)  -- behind a yield out of the protected call
    local co = coroutine.wrap(function(...)
      return pcall(function(...) coroutine.yield(); return f(...) end, ...)
    end)
    co(...)
    return co()
  end,
  function(f, ...)  -- after an error that was caught there before
    local co = coroutine.wrap(function(...)
      pcall(error, "first"); coroutine.yield(); pcall(error, "second")
      return pcall(f, ...)
    end)
    co(...)
    return co()
  end,
  function(f, ...)  -- in a metamethod
    local args, r = table.pack(...), nil
    local _ = setmetatable({}, {__index = function() r = table.pack(pcall(f, table.unpack(args, 1, args.n))) end}).x
    return table.unpack(r, 1, r.n)
  end,
}

do  -- every way to raise under every way to catch, with values of all sorts
  local object = {}
  for _, v in ipairs{"text", 12, 1.5, true, false, object, print} do
    for i, raise in ipairs(raisers) do
      for j, catch in ipairs(catchers) do
        for _ = 1, 2 do  -- the second time must not differ
          local ok, e = catch(raise, v)
          if type(e) == "string" then e = e:gsub("^[%w_/.]+:%d+: ", "") end  -- 'assert' adds the position
          if ok ~= false or not rawequal(e, v) then
            error(("raiser %d, catcher %d: got %s"):format(i, j, list(ok, e)))
          end
          checks = checks + 1
        end
      end
    end
  end
end

do  -- an error without a value
  equal(list(pcall(error)), "false " .. none)
  equal(list(pcall(error, nil)), "false " .. none)
  equal(list(pcall(assert, false, nil)), "false " .. none)
  equal(list(pcall(assert, nil)), "false assertion failed!")
  equal(list(coroutine.resume(coroutine.create(error))), "false " .. none)
  equal(list(xpcall(error, function(e) return e == nil end)), "false true")
  equal(list(xpcall(error, function() return nil end)), "false " .. none)
  equal(list(pcall(pcall, error)), "true false " .. none)
  equal(list(pcall(coroutine.wrap(error))), "false " .. none)
  equal(select("#", pcall(error)), 2)
end

do  -- the order of closing; errors in '__close' take the place of the first
  local function body(x)
    local _ <close> = closing("a")
    local _ <close> = closing("b", function() error("B", 0) end)
    local _ <close> = closing("c")
    local _ <close> = closing("d", function() pcall(error, "inner") end)
    local _ <close> = closing("e", function() error("E", 0) end)
    error(x, 0)
  end
  local want = "e x; d E; c E; b E; a B; false B"
  equal(logged(pcall, body, "x"), want)
  equal(logged(xpcall, body, function(e) return e end, "x"), want)
  equal(logged(function() return coroutine.wrap(function() return pcall(body, "x") end)() end), want)
  equal(logged(function()
    local co = coroutine.create(body)
    note(coroutine.resume(co, "x"))
    return coroutine.close(co)
  end), "false x; e x; d E; c E; b E; a B; false B")
  equal(logged(function() return pcall(coroutine.wrap(body), "x") end), want)
end

do  -- a '__close' that yields while an error is on its way
  local function body()
    local _ <close> = closing("a", function() note(coroutine.yield("ya")) end)
    local _ <close> = closing("b", function() note(coroutine.yield("yb")); error("B", 0) end)
    error("x", 0)
  end
  local co = coroutine.create(function() return pcall(body) end)
  equal(logged(coroutine.resume, co), "b x; true yb")
  equal(logged(coroutine.resume, co, "go"), "go; a B; true ya")
  equal(logged(coroutine.resume, co, "on"), "on; true false B")
  equal(list(coroutine.resume(co)), "false cannot resume dead coroutine")
  -- and again, with an error and a yield before
  co = coroutine.create(function() pcall(error); coroutine.yield(); return pcall(body) end)
  coroutine.resume(co)
  equal(logged(coroutine.resume, co), "b x; true yb")
  equal(logged(coroutine.resume, co, "go"), "go; a B; true ya")
  equal(logged(coroutine.resume, co, "on"), "on; true false B")
end

do  -- handlers: called where the error is raised, once, with the stack whole
  local function place(e)
    local info = debug.getinfo(2, "Sn")
    local _, v = debug.getlocal(3, 1)
    return list(e, info.what, info.name, v)
  end
  local function f(a) error("x", 0); return a end
  equal(list(xpcall(f, place, "arg")), "false x C error arg")
  local function g(a) assert(nil, 7); return a end
  equal(list(xpcall(g, place, "arg")), "false 7 C assert arg")
  -- the innermost handler is the one
  equal(list(xpcall(function() return xpcall(error, function(e) return e .. "1" end, "x") end,
    function(e) return e .. "2" end)), "true false x1")
  equal(list(xpcall(function() pcall(error, "x"); error("y", 0) end, function(e) return e .. "2" end)), "false y2")
  -- not called for what is caught in a coroutine of its own
  equal(list(xpcall(function() return coroutine.resume(coroutine.create(error), "x") end, tostring)), "true false x")
  equal(list(xpcall(coroutine.wrap(error), function(e) return e .. "2" end, "x", 0)), "false x2")
  -- a handler that protects itself, and one that fails once
  equal(list(xpcall(error, function(e) return list(pcall(error, e .. "1")) end, "x")), "false false x1")
  local n = 0
  equal(list(xpcall(error, function(e) n = n + 1; if n == 1 then error(e .. n, 0) end; return e .. n end, "x")), "false x12")
  -- one that always fails comes to an end
  n = 0
  local ok, e = xpcall(error, function() n = n + 1; error("again", 0) end, "x")
  equal(ok, false)
  equal(type(e), "string")
  equal(n > 10 and n < 250, true)
  -- a handler cannot yield
  local co = coroutine.wrap(function()
    return xpcall(error, function() return list(pcall(coroutine.yield)) end, "x")
  end)
  equal(list(co()), "false false attempt to yield across a C-call boundary")
end

do  -- tracebacks: of the error in a handler, and of the dead coroutine
  local src = [[
local function inner() error("x", 0) end
local function outer() inner() end
return outer]]
  local outer = load(src, "=tb")()
  local trace = "stack traceback:\n\t[C]: in " .. (v55 and "global" or "function") .. " 'error'\n" ..
    "\ttb:1: in upvalue 'inner'\n\ttb:2: in function <tb:2>"
  local _, tb = xpcall(outer, debug.traceback)
  equal(tb:match("^(.-)\n\t%[C%]: in %w+ 'xpcall'"), "x\n" .. trace)
  local co = coroutine.create(outer)
  coroutine.resume(co)
  equal(debug.traceback(co), trace)
  co = coroutine.create(function() pcall(error); coroutine.yield(); return outer() end)
  coroutine.resume(co)
  coroutine.resume(co)
  equal(debug.traceback(co):match("tb:1: in upvalue 'inner'") ~= nil, true)
end

do  -- hooks: which events there are around an error, and errors in a hook
  local function events(mask, f)
    local t = {}
    debug.sethook(function(e) t[#t + 1] = e .. ":" .. (debug.getinfo(2, "n").name or "?") end, mask)
    pcall(f)
    debug.sethook()
    return table.concat(t, " ", 2)
  end
  local function f() error("x") end
  local function thrown() f() end
  equal(events("cr", thrown):match("call:pcall.*"),
    "call:pcall call:? call:f call:error return:pcall call:sethook")
  for event, mask in pairs{call = "c", ["return"] = "r", line = "l"} do
    local n = 0
    debug.sethook(function() n = n + 1; if n == 4 then debug.sethook(); error("hook " .. n, 0) end end, mask)
    local ok, e = pcall(function() for _ = 1, 10 do
      local _ = tostring(1)
    end end)
    debug.sethook()
    equal(list(event, ok, e), event .. " false hook 4")
  end
  -- hooks go on working after an error came out of a called hook's frame
  local n = 0
  debug.sethook(function() n = n + 1; pcall(error, "in hook") end, "c")
  pcall(error, "x")
  local before = n
  pcall(error, "y")
  debug.sethook()
  equal(n > before, true)
end

do  -- finalisers: their own errors stay with them
  local e
  for _ = 1, 3 do
    setmetatable({}, {__gc = function() e = list(pcall(error, "in gc")) end})
    equal(list(pcall(function() collectgarbage(); error("x", 0) end)), "false x")
    equal(e, "false in gc")
  end
end

do  -- yields out of protected calls and iterators, before and after errors
  local function gen()
    for i = 1, 3 do
      local ok, e = pcall(function()
        local got = coroutine.yield(i)
        if i == 2 then error(got, 0) end
        return got
      end)
      note(i, ok, e)
    end
    for x in function(_, c) c = coroutine.yield("it") return c end do note("loop", x) end
    return "end"
  end
  log = {}
  local co = coroutine.wrap(gen)
  for _, v in ipairs{"s", "a", "b", "c", "d"} do note(co(v)) end
  note(co(nil))
  equal(table.concat(log, "; "), "1; 1 true a; 2; 2 false b; 3; 3 true c; it; loop d; it; end")
  -- an iterator that fails, in and out of a coroutine
  local function failing(n) return function(_, c) c = (c or 0) + 1; if c > n then error("it" .. c, 0) end return c end end
  local function sum(n) local s = 0; for x in failing(n) do s = s + x; note(s) end end
  equal(logged(pcall, sum, 2), "1; 3; false it3")
  equal(logged(coroutine.wrap(function() return pcall(sum, 2) end)), "1; 3; false it3")
  equal(logged(coroutine.wrap(function() pcall(error); return pcall(sum, 0) end)), "false it1")
end

do  -- deep nesting: as deep after a thousand errors as before, no deeper
  local function down(n) local ok, r = pcall(down, n + 1); return ok and r or n end
  local function depth() return (down(0)) end
  local first = depth()
  equal(first > 100 and first < 250, true)
  for i = 1, 1000 do
    pcall(error, i)
    xpcall(error, tostring, i)
    coroutine.resume(coroutine.create(function() pcall(error); error(i) end))
  end
  equal(depth(), first)
  local inner = coroutine.wrap(function() pcall(error); return depth() end)()
  local again = coroutine.wrap(function() for _ = 1, 1000 do pcall(error) end return depth() end)()
  equal(again, inner)
  -- errors all the way up
  local function chain(n) if n == 0 then error("0", 0) end local _, e = pcall(chain, n - 1); error(e .. n % 10, 0) end
  equal(list(pcall(chain, 60)), "false 0" .. ("1234567890"):rep(6))
  equal(list(coroutine.wrap(function() return pcall(chain, 60) end)()), "false 0" .. ("1234567890"):rep(6))
end

return "ok", checks
