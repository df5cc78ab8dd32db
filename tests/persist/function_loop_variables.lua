Memory.fs = {}
for n = 1, 5 do local i = n; Memory.fs[i] = function() i = i + 10; return i end end
assert(Memory.fs[1]() == 11)
--- restart
assert(Memory.fs[1]() == 21 and Memory.fs[2]() == 12 and Memory.fs[5]() == 15)
