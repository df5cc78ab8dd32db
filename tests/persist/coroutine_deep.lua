local function walk(tree)
  if tree then
    walk(tree.left)
    coroutine.yield(tree.value)
    walk(tree.right)
  end
end
local function build(a, b)
  if a > b then return nil end
  local m = (a + b) // 2
  return {value = m, left = build(a, m - 1), right = build(m + 1, b)}
end
Memory.tree = build(1, 100)
Memory.walk = coroutine.wrap(walk)
for i = 1, 30 do assert(Memory.walk(Memory.tree) == i) end
local function count(n)
  if n == 0 then return coroutine.yield("bottom") end
  local r = count(n - 1)
  return r + 1
end
Memory.deep = coroutine.create(count)
assert(select(2, coroutine.resume(Memory.deep, 5000)) == "bottom")
local function tail(n) if n == 0 then return coroutine.yield("tail") end return tail(n - 1) end
Memory.tail = coroutine.wrap(tail)
assert(Memory.tail(1000) == "tail")
--- restart
for i = 31, 60 do assert(Memory.walk() == i) end
collectgarbage()
--- restart
for i = 61, 100 do assert(Memory.walk() == i) end
assert(Memory.walk() == nil)
assert(select(2, coroutine.resume(Memory.deep, 0)) == 5000)
assert(Memory.tail("value") == "value")
--- restart
-- many coroutines, in both modes of the collector
collectgarbage("generational")
Memory.all = {}
for i = 1, 200 do
  local share = {i}
  Memory.all[i] = coroutine.wrap(function()
    local n = 0
    local function inc() n = n + share[1]; return n end
    while true do coroutine.yield(inc()) end
  end)
  assert(Memory.all[i]() == i)
end
--- restart
collectgarbage("generational")
for i = 1, 200 do assert(Memory.all[i]() == 2 * i); if i % 20 == 0 then collectgarbage("step") end end
for i = 1, 200 do assert(Memory.all[i]() == 3 * i) end
collectgarbage()
for i = 1, 200, 2 do Memory.all[i] = nil end
--- restart
for i = 2, 200, 2 do assert(Memory.all[i]() == 4 * i); if i % 20 == 0 then collectgarbage("step") end end
