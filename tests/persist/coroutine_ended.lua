-- Not started, at their end, and failed.
Memory.new = coroutine.create(function(a, b) return a + b end)
Memory.library = coroutine.create(math.max)
Memory.yields = coroutine.create(coroutine.yield)
Memory.dead = coroutine.create(function() return 1 end)
coroutine.resume(Memory.dead)
Memory.failed = coroutine.create(function() local x = io.stdout; local e <const> = {why = "because"}; error(e) end)
coroutine.resume(Memory.failed)
Memory.plain = coroutine.create(function() local t = nil; t.x = 1 end)
coroutine.resume(Memory.plain)
Memory.closed = coroutine.create(function() coroutine.yield() end)
coroutine.resume(Memory.closed)
coroutine.close(Memory.closed)
Memory.same = {Memory.dead, Memory.new}
assert(coroutine.status(Memory.new) == "suspended")
--- restart
assert(Memory.same[1] == Memory.dead and Memory.same[2] == Memory.new)
assert(coroutine.status(Memory.new) == "suspended" and coroutine.isyieldable(Memory.new))
assert(select(2, coroutine.resume(Memory.new, 1, 2)) == 3 and coroutine.status(Memory.new) == "dead")
assert(select(2, coroutine.resume(Memory.library, 1, 7, 2)) == 7)
assert(select(3, coroutine.resume(Memory.yields, 1, 7)) == 7)
for _, name in ipairs{"dead", "failed", "closed", "plain"} do
  assert(coroutine.status(Memory[name]) == "dead")
  local ok, msg = coroutine.resume(Memory[name], 1, 2)
  assert(not ok and msg == "cannot resume dead coroutine")
end
--- restart
assert(select(2, coroutine.resume(Memory.yields, 8)) == 8 and coroutine.status(Memory.yields) == "dead")
assert(coroutine.close(Memory.dead) and coroutine.close(Memory.new) and coroutine.close(Memory.closed))
local ok, e = coroutine.close(Memory.failed)
assert(not ok and e.why == "because")
local ok, e = coroutine.close(Memory.plain)
assert(not ok and e:find("coroutine_ended.lua#1:%d+: attempt to index a nil value"), e)
assert(coroutine.close(Memory.failed))
--- restart
assert(coroutine.close(Memory.failed) and coroutine.status(Memory.plain) == "dead")
