Memory.cache = setmetatable({}, {__mode = "v"})
Memory.keep = {name = "kept"}
Memory.cache.kept = Memory.keep
Memory.cache.lost = {name = "lost"}
Memory.cache.number = 42
--- restart
assert(getmetatable(Memory.cache).__mode == "v")
assert(Memory.cache.kept == Memory.keep and Memory.cache.number == 42)
collectgarbage(); collectgarbage()
assert(Memory.cache.lost == nil)
--- restart
assert(Memory.cache.lost == nil and Memory.cache.kept.name == "kept")
