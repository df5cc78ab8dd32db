Memory.f = load("local a = ... ; return function() return a, debug.getinfo(1, 'S').source, debug.getinfo(1,'l').currentline end", "@my.lua")(3)
--- restart
local a, src, line = Memory.f()
assert(a == 3 and src == "@my.lua" and line == 1)
