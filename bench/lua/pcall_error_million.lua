-- One million calls of `pcall(error, i)`.
local caught = 0
for i = 1, 1000000 do
  local ok, value = pcall(error, i)
  if not ok and value == i then
    caught = caught + 1
  end
end
return tostring(caught)
