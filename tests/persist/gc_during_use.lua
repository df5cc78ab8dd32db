for i = 1, 200 do Memory[i] = {i = i, f = function() return i end} end
collectgarbage("generational")
--- restart
collectgarbage("generational")
for i = 1, 200 do
  local t = Memory[i]
  assert(t.i == i and t.f() == i)
  t.j = {i}
  if i % 10 == 0 then collectgarbage("step") end
end
collectgarbage("incremental")
collectgarbage()
--- restart
for i = 1, 200 do assert(Memory[i].j[1] == i) end
