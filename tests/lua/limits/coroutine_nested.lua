local function nest()
  while true do
    local co = coroutine.wrap(nest)
    pcall(co)
  end
end
nest()
