local function refused(v, path, want)
  local ok, msg = pcall(function() Memory.x = v end)
  assert(not ok and msg:find(path .. ": cannot persist " .. want, 1, true), msg)
  assert(Memory.x == nil)
end
local function suspended(f, ...)
  local co = coroutine.create(f)
  assert(coroutine.resume(co, ...))
  return co
end
refused((coroutine.running()), "Memory.x", "the main coroutine")
refused(suspended(function() local file = io.stdout; coroutine.yield() end), "Memory.x<local file>", "a userdata (FILE*)")
refused({suspended(function(...) coroutine.yield() end, 1, io.stdout)}, "Memory.x[1]<local (vararg)>", "a userdata (FILE*)")
refused(suspended(function() local file = io.stdout; local f = function() return file end; coroutine.yield() end),
  "Memory.x<local file>", "a userdata (FILE*)")
local w = coroutine.wrap(function() local co = {suspended(function() local file = io.stdout; coroutine.yield() end)}; coroutine.yield() end)
w()
refused({a = w}, "Memory.x.a<local co>[1]<local file>", "a userdata (FILE*)")
refused(coroutine.create(string.gmatch("a", "a")), "Memory.x<local (C temporary)>", "a C function")
local co = suspended(function() coroutine.yield() end)
debug.sethook(co, function() end, "l")
refused(co, "Memory.x", "a coroutine with a debug hook")
debug.sethook(co)
Memory.x = co
-- what has been a value of a dead frame does not matter
Memory.y = suspended(function()
  print(io.stdout)
  do local f = io.stdout end
  local a = 1
  coroutine.yield(a)
end)
Memory.z = suspended(function()
  pcall(function() local f = io.stdout; local g = io.stdout; error("x") end)
  coroutine.yield()
end)
-- a running one is stored if it does not run any more when things are stored, else not
Memory.self = nil
local co = coroutine.create(function()
  Memory.self = coroutine.running()
  local ok, msg = pcall(ext.flush)
  assert(not ok and msg:find("Memory.self: cannot persist a running coroutine", 1, true), msg)
  table.sort({1, 2, 3}, function(a, b)
    local ok, msg = pcall(ext.flush)
    assert(not ok and msg:find("Memory.self: cannot persist a running coroutine", 1, true), msg)
    return a < b
  end)
  coroutine.yield(1)
  coroutine.yield(2)
end)
assert(coroutine.resume(co))
ext.flush()
--- restart
assert(select(2, coroutine.resume(Memory.self)) == 2 and coroutine.resume(Memory.x))
assert(coroutine.resume(Memory.y) and coroutine.resume(Memory.z))
--- restart
--- expect-error: Memory.self<local f>: cannot persist a userdata (FILE*)
--- expect-kind: persist
Memory.ok = 1
Memory.self = coroutine.create(function()
  coroutine.yield("before")
  local f = io.stdout
  coroutine.yield("after")
end)
coroutine.resume(Memory.self)
ext.flush()
Memory.ok = 2
assert(select(2, coroutine.resume(Memory.self)) == "after")
--- restart
-- it has the state that could be stored, and all else is there
assert(Memory.ok == 2 and coroutine.status(Memory.self) == "suspended")
assert(select(2, coroutine.resume(Memory.self)) == "after")
coroutine.resume(Memory.self)
ext.flush()
--- restart
assert(coroutine.status(Memory.self) == "dead")
--- restart
--- expect-error: Memory.running: cannot persist a running coroutine
Memory.wrap = coroutine.wrap(function()
  Memory.running = coroutine.running()
  Memory.after = 1
  ext.flush()
end)
Memory.wrap()
--- restart
-- (the coroutine has ended by that error, which was stored)
assert(Memory.after == 1 and coroutine.status(Memory.running) == "dead")
