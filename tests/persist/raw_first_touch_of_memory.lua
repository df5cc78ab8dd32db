Memory.x = 1
--- restart
assert(next(Memory) == "x")
--- restart
assert(rawget(Memory, "x") == 1)
--- restart
rawset(Memory, "y", 2)
--- restart
assert(Memory.x == 1 and Memory.y == 2)
for k, v in pairs(Memory) do assert(v == (k == "x" and 1 or 2)) end
