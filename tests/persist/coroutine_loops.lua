-- A loop over a table goes on with the keys that it has not seen, in whatever order the table is rebuilt.
local function each(t)
  local seen, n = {}, 0
  for k, v in pairs(t) do
    assert(not seen[k] and t[k] == v)
    seen[k] = true
    n = n + 1
    coroutine.yield(k, v)
  end
  return "end", n
end
local names = {}
for i = 1, 60 do names["key" .. i * 7919 % 1000] = i; names[i / 4] = {i}; names[-i] = true end
Memory.names, Memory.count = names, 180
Memory.co = coroutine.wrap(each)
for i = 1, 20 do Memory.co(names) end
Memory.fresh = coroutine.wrap(each)
Memory.deleting = coroutine.wrap(function(t)
  local n = 0
  for k in next, t do t[k] = nil; n = n + 1; coroutine.yield(n) end
  return "end"
end)
Memory.other = {}
for i = 1, 40 do Memory.other["x" .. i] = i end
for i = 1, 10 do Memory.deleting(Memory.other) end
Memory.nested = coroutine.wrap(function(a)
  local n = 0
  for k1, v1 in pairs(a) do for k2, v2 in pairs(a) do n = n + v1 * v2; coroutine.yield() end end
  return n
end)
Memory.nested({a = 1, b = 2, c = 3, [1.5] = 4})
for i = 1, 5 do Memory.nested() end
--- restart
for i = 1, 20 do Memory.co() end
for i = 1, 20 do Memory.fresh(Memory.names) end
for i = 1, 10 do assert(Memory.deleting() == 10 + i) end
for i = 1, 5 do Memory.nested() end
--- restart
-- what is taken away meanwhile is not seen any more
local gone = 0
for i = 1, 60 do
  local k = "key" .. i * 7919 % 1000
  if i % 3 == 0 then Memory.names[k] = nil; gone = gone + 1 end
end
Memory.gone = gone
local n, k = 0
repeat k = Memory.co(); n = n + 1 until k == "end" or n > 200
assert(n > 1 and n <= 141, n)
for i = 11, 15 do Memory.nested() end
--- restart
local n, k, count = 0
repeat k, count = Memory.fresh(); n = n + 1 until k == "end" or n > 200
assert(k == "end" and count >= Memory.count - Memory.gone and count == n + 19, count)
for i = 21, 40 do assert(Memory.deleting() == i) end
assert(Memory.deleting() == "end" and next(Memory.other) == nil)
assert(Memory.nested() == 100)
--- restart
-- sequences, and the keys of a table that lives in the coroutine only
Memory.seq = coroutine.wrap(function()
  local t, s = {10, 20, 30, 40, 50}, 0
  for i, v in pairs(t) do s = s * 10 + i; coroutine.yield(s) end
end)
Memory.seq()
Memory.own = coroutine.wrap(function()
  local t, sum = {}, 0
  for i = 1, 30 do t["k" .. i] = i end
  for k, v in pairs(t) do sum = sum + v; coroutine.yield(sum) end
  return "sum", sum
end)
for i = 1, 7 do Memory.own() end
--- restart
Memory.seq()
for i = 1, 7 do Memory.own() end
--- collect
--- restart
assert(Memory.seq() == 123 and Memory.seq() == 1234 and Memory.seq() == 12345)
local a, sum
repeat a, sum = Memory.own() until a == "sum"
assert(sum == 465)
