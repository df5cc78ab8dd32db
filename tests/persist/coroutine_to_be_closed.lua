-- Variables that wait for being closed: at the end of their block, by an error, by coroutine.close, and those of loops.
Memory.log = {}
local function closer(name)
  return setmetatable({name = name}, {__close = function(o, e)
    local log = Memory.log
    log[#log + 1] = o.name .. (e and ":" .. tostring(e) or "")
  end})
end
local function body(how)
  local a <close> = closer("a")
  do
    local b <close> = closer("b")
    coroutine.yield("in b")
  end
  local c <close> = closer("c")
  local got = coroutine.yield("in c")
  if how == "error" then error("oops", 0) end
  return got
end
for _, how in ipairs{"end", "error", "close", "drop"} do
  Memory[how] = coroutine.create(body)
  assert(select(2, coroutine.resume(Memory[how], how)) == "in b")
end
--- restart
for _, how in ipairs{"end", "error", "close"} do
  assert(select(2, coroutine.resume(Memory[how])) == "in c")
end
assert(table.concat(Memory.log, " ") == "b b b")
--- restart
Memory.log = {}
local ok, v = coroutine.resume(Memory["end"], "value")
assert(ok and v == "value" and table.concat(Memory.log, " ") == "c a")
Memory.log = {}
local ok, v = coroutine.resume(Memory.error)
assert(not ok and v == "oops" and #Memory.log == 0)
Memory.log = {}
assert(coroutine.close(Memory.close) and table.concat(Memory.log, " ") == "c a")
Memory.log = {}
--- restart
assert(coroutine.status(Memory.close) == "dead" and coroutine.status(Memory["end"]) == "dead")
assert(coroutine.status(Memory.error) == "dead")
local ok, e = coroutine.close(Memory.error)  -- closes what the error left open
assert(not ok and e == "oops" and table.concat(Memory.log, " ") == "c:oops a:oops", table.concat(Memory.log, " "))
Memory.log = {}
assert(coroutine.close(Memory.drop))
assert(table.concat(Memory.log, " ") == "b a")
--- restart
-- a generic for with a closing value, and suspension inside of the closing functions themselves
local function yielding(name, log)
  return setmetatable({}, {__close = function(_, e)
    coroutine.yield("closing " .. name)
    log[#log + 1] = name .. (e and ":" .. tostring(e) or "")
  end})
end
local function loop(log)
  for i, _ in next, {1, 2, 3}, nil, yielding("loop", log) do
    coroutine.yield(i)
    if i == 2 then break end
  end
  local ok, e = pcall(function()
    local x <close> = yielding("x", log)
    local y <close> = yielding("y", log)
    error("bad", 0)
  end)
  assert(not ok and e == "bad")
  local function returns(...)
    local z <close> = yielding("z", log)
    local zz <close> = yielding("zz", log)
    return ..., #log
  end
  return returns("r1", "r2")
end
Memory.log2 = {}
Memory.co = coroutine.create(loop)
assert(select(2, coroutine.resume(Memory.co, Memory.log2)) == 1)
--- restart
assert(select(2, coroutine.resume(Memory.co)) == 2)
--- restart
assert(select(2, coroutine.resume(Memory.co)) == "closing loop")
--- restart
assert(select(2, coroutine.resume(Memory.co)) == "closing y" and table.concat(Memory.log2, " ") == "loop")
--- restart
assert(select(2, coroutine.resume(Memory.co)) == "closing x" and table.concat(Memory.log2, " ") == "loop y:bad")
--- restart
assert(select(2, coroutine.resume(Memory.co)) == "closing zz" and table.concat(Memory.log2, " ") == "loop y:bad x:bad")
--- restart
assert(select(2, coroutine.resume(Memory.co)) == "closing z")
--- restart
local ok, a, b = coroutine.resume(Memory.co)
assert(ok and a == "r1" and b == 3, b)
assert(table.concat(Memory.log2, " ") == "loop y:bad x:bad zz z", table.concat(Memory.log2, " "))
--- restart
-- far from one another, in a stack that is larger than the distance that a list of them can bridge
local function deep(n)
  if n == 0 then coroutine.yield("deep") return 0 end
  return 1 + deep(n - 1)
end
Memory.log = {}
Memory.co = coroutine.create(function()
  local a <close> = setmetatable({}, {__close = function() Memory.log[#Memory.log + 1] = "a" end})
  local function far(n)
    if n > 0 then return (far(n - 1)) end
    local b <close> = setmetatable({}, {__close = function() Memory.log[#Memory.log + 1] = "b" end})
    coroutine.yield(deep(10))
    return 1
  end
  return far(16000)
end)
assert(select(2, coroutine.resume(Memory.co)) == "deep")
--- restart
assert(select(2, coroutine.resume(Memory.co)) == 10)
--- restart
local ok, n = coroutine.resume(Memory.co)
assert(ok and n == 1 and table.concat(Memory.log, " ") == "b a")
