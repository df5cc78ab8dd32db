-- a coroutine with thousands of protected calls to unwind
local depth = 0
local function deep()
  depth = depth + 1
  if depth % 100 == 0 then coroutine.yield() end
  while true do pcall(deep) end
end
local co = coroutine.create(deep)
for i = 1, 200 do coroutine.resume(co) end
while true do coroutine.resume(co) end
