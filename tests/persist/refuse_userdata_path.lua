Memory.cfg = {log = {"a"}}
local ok, msg = pcall(function() Memory.cfg.log[2] = io.stdout end)
assert(not ok and msg:find("Memory.cfg.log[2]: cannot persist a userdata (FILE*)", 1, true), msg)
assert(Memory.cfg.log[2] == nil)
--- restart
assert(#Memory.cfg.log == 1)
