local all = {}
for i = 0, 255 do all[#all + 1] = string.char(i) end
Memory.all = table.concat(all)
Memory.empty = ""
Memory["\0key\255"] = "binary key"
Memory.forty = ("x"):rep(40); Memory.fortyone = ("y"):rep(41)
Memory[("long"):rep(100)] = "long key"
--- restart
assert(#Memory.all == 256)
for i = 0, 255 do assert(Memory.all:byte(i + 1) == i) end
assert(Memory.empty == "")
assert(Memory["\0key\255"] == "binary key")
assert(Memory.forty == ("x"):rep(40) and Memory.fortyone == ("y"):rep(41))
assert(Memory[("long"):rep(100)] == "long key")
