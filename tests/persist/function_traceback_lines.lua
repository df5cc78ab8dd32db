Memory.f = function()

  error("here")
end
--- restart
local ok, msg = pcall(Memory.f)
assert(not ok and msg:find(":3: here"), msg)
