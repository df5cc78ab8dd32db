-- Writes to a key that is noted already take a short way: what it skips must have been done, and be done anew after each
-- flush, and in a table that stands where another one was.
Memory.t = {x = 0, s = "", [1] = 0, [2.5] = 0, [true] = 0, [1 << 40] = 0}
Memory.list = {}
for i = 1, 3000 do Memory.list[i] = 0 end
local t = Memory.t
for round = 1, 3 do
  for i = 1, 5 do
    for k in pairs(t) do t[k] = round * 10 + i end
    t.s = "round " .. round .. ("."):rep(50 + i)
  end
  for i = 1, 3000 do Memory.list[i] = round; Memory.list[i] = i + round end
  t.y = round
  t.y = nil
  ext.flush()
end
t.x = 1
t.x = {2}  -- no plain value: promoted, though the key is noted
t.x[1] = 3
ext.flush()
t.x = 1
t.x = print
t.x = nil
t.x, t.new = 77, 1
t.new = nil
t.new = 2
assert(not pcall(function () t.x = string.gmatch("a", "a") end) and t.x == 77)
--- restart
assert(Memory.t.x == 77 and Memory.t.new == 2 and Memory.t.y == nil)
for _, k in ipairs {1, 2.5, true, 1 << 40} do assert(Memory.t[k] == 35) end
assert(Memory.t.s == "round 3" .. ("."):rep(55))
for i = 1, 3000 do assert(Memory.list[i] == i + 3) end
-- a table that is let go, and others in its place
for i = 1, 200 do
  local old = {v = 0}
  Memory.old = old
  for j = 1, 3 do old.v = j end
  Memory.old = nil
  old.v = 4
  old = nil
  collectgarbage()
  Memory["n" .. i] = {v = i}
  for j = 1, 3 do Memory["n" .. i].v = i + j end
  if i % 7 == 0 then ext.flush() end
end
--- restart
for i = 1, 200 do Memory["n" .. i].v = Memory["n" .. i].v + 1 end
ext.flush()
for i = 1, 200 do Memory["n" .. i].v = Memory["n" .. i].v + 1 end
--- restart
for i = 1, 200 do assert(Memory["n" .. i].v == i + 5) end
--- fail-writes: 2 5
--- may-fail: the host's store failed
for i = 1, 200 do Memory["n" .. i].v = i end
pcall(ext.flush)
for i = 1, 200 do Memory["n" .. i].v = -i end
pcall(ext.flush)
for i = 1, 200 do Memory["n" .. i].v = 2 * i end
for _ = 1, 60 do
  if pcall(ext.flush) then break end
end
--- restart
-- all of it, or none where the host commits at a chunk's end and failed then
local stored = Memory.n1.v == 2
for i = 1, 200 do assert(Memory["n" .. i].v == (stored and 2 * i or i + 5)) end
