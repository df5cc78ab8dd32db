local function body()
  while true do
    pcall(function() while true do coroutine.yield() end end)
  end
end
while true do
  local co = coroutine.create(body)
  while true do coroutine.resume(co) end
end
