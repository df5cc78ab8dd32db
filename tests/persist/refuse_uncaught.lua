--- expect-error: Memory.x: cannot persist a userdata (FILE*)
--- expect-kind: persist
Memory.ok = 1
Memory.x = io.stdout
--- restart
assert(Memory.ok == 1 and Memory.x == nil)
