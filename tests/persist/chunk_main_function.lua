Memory.main = load("local x = ... ; n = (n or 0) + x; return n", "=main")
--- restart
n = 5
assert(Memory.main(3) == 8 and n == 8)
