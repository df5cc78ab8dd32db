Memory[1] = "int"; Memory[1.5] = "float"; Memory["1"] = "string"; Memory[true] = "bool"
Memory[2.0] = "normalised"
Memory[-1] = "neg"; Memory[math.mininteger] = "min"; Memory[2^63] = "big float"
Memory[1/0] = "inf"
--- restart
assert(Memory[1] == "int" and Memory[1.5] == "float" and Memory["1"] == "string" and Memory[true] == "bool")
assert(Memory[2] == "normalised" and Memory[2.0] == "normalised")
assert(Memory[-1] == "neg" and Memory[math.mininteger] == "min" and Memory[2^63] == "big float")
assert(Memory[1/0] == "inf")
for k in pairs(Memory) do if k == 2 then assert(math.type(k) == "integer") end end
