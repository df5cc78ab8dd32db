local function gen(n)
  local sum = 0
  local ok, r = pcall(function(...)
    for i = 1, n do
      sum = sum + coroutine.yield(i, ...)
    end
    return sum
  end, "a", "b")
  return ok, r
end
Memory.co = coroutine.create(gen)
local ok, i, a, b = coroutine.resume(Memory.co, 3)
assert(ok and i == 1 and a == "a" and b == "b")
assert(coroutine.status(Memory.co) == "suspended")
--- restart
assert(coroutine.status(Memory.co) == "suspended")
local ok, i, a, b = coroutine.resume(Memory.co, 10)
assert(ok and i == 2 and a == "a" and b == "b")
--- restart
local ok, i, a, b = coroutine.resume(Memory.co, 20)
assert(ok and i == 3 and a == "a" and b == "b")
--- restart
local _, ok, sum, x = coroutine.resume(Memory.co, 30)
assert(ok == true and sum == 60 and x == nil)
assert(coroutine.status(Memory.co) == "dead")
--- restart
assert(coroutine.status(Memory.co) == "dead")
local ok, msg = coroutine.resume(Memory.co)
assert(not ok and msg == "cannot resume dead coroutine", msg)
--- restart
-- a handler of an outer call still is the outer one after a restart
Memory.co = coroutine.create(function()
  return xpcall(function()
    local inner = {xpcall(function()
      coroutine.yield("inner")
      error("first", 0)
    end, function(m) return m .. " inner" end)}
    coroutine.yield("outer")
    local t = nil
    return t.x, inner
  end, function(m) return "outer: " .. m:gsub("^.-:%d+: ", "") end)
end)
assert(select(2, coroutine.resume(Memory.co)) == "inner")
--- restart
assert(select(2, coroutine.resume(Memory.co)) == "outer")
--- restart
local _, ok, msg = coroutine.resume(Memory.co)
assert(ok == false and msg:find("^outer: attempt to index a nil value %(local 't'%)"), msg)
--- restart
-- errors say where they are, and tracebacks where they come from
Memory.co = coroutine.create(function(a)
  local function inner(b)
    local c = coroutine.yield(a + b)
    return c.x.y
  end
  local r = inner(a)
  return r
end)
coroutine.resume(Memory.co, 1)
--- restart
local trace = debug.traceback(Memory.co)
assert(trace:find("coroutine.yield", 1, true) and trace:find("in upvalue 'inner'", 1, true) or trace:find("inner", 1, true), trace)
assert(trace:find("coroutine_generator.lua#%d+:%d+: in local 'inner'") or trace:find("coroutine_generator.lua#%d+:%d+:"), trace)
assert(debug.getlocal(Memory.co, 1, 1) == "b" and select(2, debug.getlocal(Memory.co, 1, 1)) == 1)
local ok, msg = coroutine.resume(Memory.co, {})
assert(not ok and msg:find("coroutine_generator.lua#%d+:%d+: attempt to index a nil value %(field 'x'%)"), msg)
