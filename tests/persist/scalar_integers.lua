Memory.max, Memory.min = math.maxinteger, math.mininteger
Memory.zero, Memory.neg = 0, -1
Memory.big = 2^53 | 0
Memory.odd = 9007199254740993
--- restart
assert(Memory.max == math.maxinteger and math.type(Memory.max) == "integer")
assert(Memory.min == math.mininteger and math.type(Memory.min) == "integer")
assert(Memory.zero == 0 and Memory.neg == -1)
assert(Memory.big == 9007199254740992 and Memory.odd == 9007199254740993)
