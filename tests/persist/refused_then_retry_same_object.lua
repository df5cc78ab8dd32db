local t = {ok = 1, bad = io.stdout}
assert(not pcall(function() Memory.t = t end))
t.bad = nil
Memory.t = t
t.ok = 2
--- restart
assert(Memory.t.ok == 2 and Memory.t.bad == nil)
