Memory.t = {1, 2}
for _, f in ipairs{
  function() rawset(Memory.t, 1, io.stdout) end,
  function() table.insert(Memory.t, io.stdout) end,
  function() table.move({io.stdout}, 1, 1, 3, Memory.t) end,
  function() Memory.t[1] = io.stdout end,
} do
  local ok, msg = pcall(f)
  assert(not ok and msg:find("Memory.t[", 1, true) and msg:find("cannot persist", 1, true), msg)
end
assert(#Memory.t == 2 and Memory.t[1] == 1 and Memory.t[2] == 2)
--- restart
assert(#Memory.t == 2 and Memory.t[1] == 1)
