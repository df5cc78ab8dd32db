Memory.t, Memory.f = true, false
Memory[true] = "yes"; Memory[false] = "no"
--- restart
assert(Memory.t == true and Memory.f == false)
assert(Memory[true] == "yes" and Memory[false] == "no")
