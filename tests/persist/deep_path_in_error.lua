local t = {}
local cur = t
for i = 1, 1000 do cur.n = {}; cur = cur.n end
cur.bad = io.stdout
local ok, msg = pcall(function() Memory.t = t end)
assert(not ok and msg:find("Memory.t.n.n.n", 1, true) and msg:find("n.n.bad: cannot persist", 1, true) and msg:find(" ... ", 1, true), msg)
