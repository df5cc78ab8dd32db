--- with: graphs.lua
--- seeds: 3 25
--- repeat: 3
--- steps: 6
-- Random writes through random aliases, some of them of things that were stored or loaded and then taken out: after each
-- flush the store is what memory is. What can't be persisted is refused by what Memory reaches, and by nothing else.
local rnd = random(SEED * 100 + TURN)
Memory.g = Memory.g or {}
pool = pool or pool_of(Memory.g)
if rnd(4) == 1 then pool = pool_of(Memory.g) end
local open = 1
local bad = string.gmatch("a", "a")
rawset(Memory.g, "open", function() return open end)  -- a variable that nobody sees change
for _ = 1, rnd(120) do
  mutate(pool, rnd)
  if rnd(30) == 1 then ext.flush() end
  if rnd(40) == 1 then collectgarbage(rnd(2) == 1 and "step" or "collect") end
  if rnd(20) == 1 then
    local t = pool[rnd(#pool)]
    if type(t) == "table" then
      ext.flush()  -- what 'open' holds is seen here, at the earliest
      assert(pcall(rawset, t, "bad", bad) == not reaches(Memory, t))
      rawset(t, "bad", nil)
    end
  end
  if rnd(20) == 1 then open = value(pool, rnd) end
end
Memory.d = describe(Memory.g)
--- restart
--- witness
local d = describe(Memory.g)
assert(d == Memory.d, d .. "\nexpected:\n" .. Memory.d)
