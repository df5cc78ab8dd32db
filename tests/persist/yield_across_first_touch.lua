Memory.t = setmetatable({}, {__index = function(t, k) return coroutine.yield(k) end})
--- restart
local co = coroutine.wrap(function() return Memory.t.question end)
assert(co() == "question")
assert(co("answer") == "answer")
