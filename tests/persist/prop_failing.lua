--- with: graphs.lua
--- seeds: 3 25
--- repeat: 3
--- steps: 8
--- may-fail: the host's store failed
--- fail-writes: 3 7
-- A host whose writes fail at random: once a flush has succeeded the store is what memory is, and in between there is
-- always a store that opens.
local rnd = random(SEED * 100 + TURN)
Memory.g = Memory.g or {}
pool = pool or pool_of(Memory.g)
for _ = 1, rnd(60) do
  mutate(pool, rnd)
  if rnd(30) == 1 then pcall(ext.flush) end
  if rnd(40) == 1 then collectgarbage(rnd(2) == 1 and "step" or "collect") end
end
Memory.d = describe(Memory.g)
for _ = 1, rnd(60) - 30 do  -- now and then, until the store has taken all
  if pcall(ext.flush) then break end
end
--- restart
--- witness
local d = describe(Memory.g or {})  -- each part can be read
assert(not STORED or d == Memory.d, d .. "\nexpected:\n" .. tostring(Memory.d))
