-- A coroutine that holds another one that is suspended, and one that is found by both of two others.
local function inner(n)
  for i = 1, n do coroutine.yield("inner", i) end
  return "inner ended"
end
local function outer()
  local co = coroutine.create(inner)
  local got = {}
  while true do
    local ok, a, b = coroutine.resume(co, 3)
    assert(ok)
    if coroutine.status(co) == "dead" then return a, got end
    got[#got + 1] = b
    coroutine.yield(a, b)
  end
end
Memory.co = coroutine.create(outer)
assert(select(3, coroutine.resume(Memory.co)) == 1)
local shared = coroutine.wrap(function() local n = 0; while true do n = n + 1; coroutine.yield(n) end end)
Memory.a = coroutine.wrap(function() while true do coroutine.yield("a" .. shared()) end end)
Memory.b = coroutine.wrap(function() while true do coroutine.yield("b" .. shared()) end end)
assert(Memory.a() == "a1")
--- restart
assert(select(3, coroutine.resume(Memory.co)) == 2)
assert(Memory.b() == "b2" and Memory.a() == "a3")
--- restart
assert(select(3, coroutine.resume(Memory.co)) == 3)
assert(Memory.a() == "a4" and Memory.b() == "b5")
--- restart
local ok, msg, got = coroutine.resume(Memory.co)
assert(ok and msg == "inner ended" and table.concat(got, " ") == "1 2 3")
assert(coroutine.status(Memory.co) == "dead")
--- restart
-- two that know each other
local a, b
a = coroutine.create(function() while true do coroutine.yield(coroutine.status(b)) end end)
b = coroutine.create(function() while true do coroutine.yield(coroutine.status(a)) end end)
assert(select(2, coroutine.resume(a)) == "suspended" and select(2, coroutine.resume(b)) == "suspended")
Memory.pair = {a, b}
--- restart
local a, b = Memory.pair[1], Memory.pair[2]
local function upvalue(co, name)
  local f = debug.getinfo(co, 1, "f").func
  for i = 1, 9 do
    local n, v = debug.getupvalue(f, i)
    if n == name then return v end
  end
end
assert(upvalue(a, "b") == b and upvalue(b, "a") == a)
assert(select(2, coroutine.resume(a)) == "suspended")
