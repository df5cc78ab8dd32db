local state = {n = 0}
Memory.tick = function() state.n = state.n + 1; return state.n end
Memory.state = state
Memory.tick()
--- restart
assert(Memory.tick() == 2 and Memory.state.n == 2)
Memory.state.n = 10
assert(Memory.tick() == 11)
--- restart
assert(Memory.state.n == 11)
