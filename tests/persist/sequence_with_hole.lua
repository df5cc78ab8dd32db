Memory.t = {1, 2, nil, 4}
--- restart
local t = Memory.t
assert(t[1] == 1 and t[2] == 2 and t[3] == nil and t[4] == 4)
assert(#t == 4 or #t == 2)
