--- with: coroutines.lua
--- seeds: 4 40
--- repeat: 12
--- steps: 2
-- Coroutines that run random programs give what they would have given without restarts.
local rnd = random(SEED * 7919 + TURN)
if TURN == 1 then
  local grown = random(SEED)
  Memory.all = {}
  for i = 1, 3 do
    local node = grow(grown, 4)
    Memory.all[i] = {node = node, co = begin(node), n = 0}
  end
end
for _, p in ipairs(Memory.all) do
  for _ = 1, rnd(4) do
    if coroutine.status(p.co) == "suspended" then
      p.n = p.n + 1
      local ok, a, b = coroutine.resume(p.co, input(p.n))
      local wantok, wanta, wantb = answer(p.node, p.n)
      assert(ok and wantok and a == wanta and b == wantb, tostring(a) .. " " .. tostring(b) .. " at " .. p.n)
    end
  end
  if coroutine.status(p.co) == "dead" then
    p.node = grow(rnd, 3)
    p.co, p.n = begin(p.node), 0
  end
end
