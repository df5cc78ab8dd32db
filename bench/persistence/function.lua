local log, limit = {}, 10
function Memory.f (name, value)
  if #log >= limit then
    table.remove(log, 1)
  end
  local entry = name .. "=" .. tostring(value)
  for i = 1, #log do
    if log[i] == entry then return i end
  end
  log[#log + 1] = entry
end
