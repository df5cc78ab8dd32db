local h = ext.table()
Memory.h = h
h[1] = "int"; h[1.5] = "float"; h["1"] = "str"; h[true] = "bool"
assert(h[1.0] == "int")
h[2.0] = "norm"
assert(h[2] == "norm")
--- restart
local h = Memory.h
assert(h[1] == "int" and h[1.5] == "float" and h["1"] == "str" and h[true] == "bool" and h[2] == "norm")
