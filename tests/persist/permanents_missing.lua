local t = {secret = 1}
ext.permanent("My.Table", t)
Memory.ref = t
Memory.other = "fine"
--- restart
assert(Memory.other == "fine")
local ok, msg = pcall(function() return Memory.ref end)
assert(not ok and msg:find("Memory.ref", 1, true) and msg:find("My.Table", 1, true), msg)
-- declared later, it is there
local t = {}
ext.permanent("My.Table", t)
assert(Memory.ref == t)
--- restart
--- expect-error: My.Table
--- expect-kind: persist
local x = Memory.ref
