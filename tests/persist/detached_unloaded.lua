Memory.t = {x = {y = 1}}
--- restart
--- collect
kept = Memory.t
Memory.t = nil
--- restart
assert(Memory.t == nil)
