local t = {5, 3, 1, 4, 2}
Memory.t = t
table.sort(t)
assert(table.concat(t) == "12345")
--- restart
assert(table.concat(Memory.t) == "12345")
table.insert(Memory.t, 1, 0)
table.insert(Memory.t, 6)
--- restart
assert(table.concat(Memory.t) == "0123456")
assert(table.remove(Memory.t) == 6 and table.remove(Memory.t, 1) == 0)
table.move(Memory.t, 1, 3, 4)
--- restart
assert(table.concat(Memory.t) == "123123")
table.sort(Memory.t, function(a, b) return a > b end)
--- restart
assert(table.concat(Memory.t) == "332211")
Memory.u = table.pack(1, nil, 3)
table.move(Memory.t, 1, 6, 1, Memory.u)
--- restart
assert(Memory.u.n == 3 and table.concat(Memory.u) == "332211")
