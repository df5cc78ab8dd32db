-- 300,000 errors raised and caught: half by error, half by a failing operation.
local caught = 0
for i = 1, 150000 do
  if not pcall(error, i) then
    caught = caught + 1
  end
  local ok = pcall(function ()
    return i + nil
  end)
  if not ok then
    caught = caught + 1
  end
end
return tostring(caught)
