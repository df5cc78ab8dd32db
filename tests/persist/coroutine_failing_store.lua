--- fail-writes: 3 11
--- may-fail: the host's store failed
Memory.n = 0
Memory.gen = coroutine.wrap(function() local t = {}; local f = function(x) t[#t + 1] = x; return #t end; while true do coroutine.yield(f(#t)) end end)
Memory.gen()
--- restart
if Memory.gen == nil or not pcall(Memory.gen) then
  Memory.gen = coroutine.wrap(function() local t = {}; local f = function(x) t[#t + 1] = x; return #t end; while true do coroutine.yield(f(#t)) end end)
  Memory.gen()
end
Memory.n = Memory.gen()
--- restart
--- fail-writes: 2 5
--- may-fail: the host's store failed
for i = 1, 20 do
  Memory.gen()
  pcall(ext.flush)
end
Memory.done = true
--- restart
assert(Memory.gen() > Memory.n)
