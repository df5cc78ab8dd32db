--- with: graphs.lua
--- seeds: 3 40
--- steps: 10
-- Any graph of values goes out and comes back equal: the same shape, the same sharing.
local rnd = random(SEED * 100 + TURN)
local root = {}
local pool = {root}
for _ = 1, rnd(100) do mutate(pool, rnd) end
local d = describe(root)
Memory.graph, Memory.d = root, d
assert(describe(Memory.graph) == d)
--- restart
--- witness
local d = describe(Memory.graph)
assert(d == Memory.d, d .. "\nexpected:\n" .. Memory.d)
