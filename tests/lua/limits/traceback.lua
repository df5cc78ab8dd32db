local function deep(n)
  if n == 0 then
    while true do debug.traceback() debug.getinfo(15000, "S") end
  end
  return (deep(n - 1))
end
deep(15000)
