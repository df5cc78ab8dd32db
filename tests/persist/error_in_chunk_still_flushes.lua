--- expect-error: my error
Memory.a = 1
error("my error")
--- restart
assert(Memory.a == 1)
