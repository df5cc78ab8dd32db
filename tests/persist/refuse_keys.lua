local function refused(f, want)
  local ok, msg = pcall(f)
  assert(not ok and msg:find(want, 1, true), msg)
end
Memory.t = {}
refused(function() Memory.t[{}] = 1 end, "Memory.t: cannot persist a key that is a table")
refused(function() Memory.t[print] = 1 end, "Memory.t: cannot persist a key that is a function")
refused(function() Memory.u = {[{}] = 1} end, "Memory.u: cannot persist a key that is a table")
refused(function() Memory.u = {x = {[io.stdout] = 1}} end, "Memory.u.x: cannot persist a key that is a userdata")
refused(function() rawset(Memory.t, {}, 1) end, "Memory.t: cannot persist a key")
refused(function() Memory.t[nil] = 1 end, "index is nil")
refused(function() Memory.t[0/0] = 1 end, "index is NaN")
assert(Memory.t[{}] == nil and Memory.t[nil] == nil)
Memory.t[{}] = nil  -- nothing happens
assert(Memory.u == nil and next(Memory.t) == nil)
