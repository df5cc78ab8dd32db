--- with: graphs.lua
--- seeds: 3 30
--- repeat: 2
--- steps: 6
--- collect
-- collect_tables drops what can't be reached, and nothing else. What was dropped may come back by a reference that
-- memory still has.
local rnd = random(SEED * 100 + TURN)
Memory.g = Memory.g or {}
pool = pool or pool_of(Memory.g)
for _ = 1, rnd(120) do
  mutate(pool, rnd)
  if rnd(60) == 1 then ext.flush() end
  if rnd(10) == 1 then Memory.g[rnd(50)] = nil end
end
Memory.d = describe(Memory.g)
--- restart
--- witness
local d = describe(Memory.g)
assert(d == Memory.d, d .. "\nexpected:\n" .. Memory.d)
assert(TABLES == count_tables(Memory), TABLES .. " stored, " .. count_tables(Memory) .. " reachable")
