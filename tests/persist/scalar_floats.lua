Memory.one, Memory.nz, Memory.inf, Memory.ninf, Memory.nan = 1.0, -0.0, 1/0, -1/0, 0/0
Memory.tiny, Memory.huge, Memory.p53 = 5e-324, 1.7976931348623157e308, 2.0^53
--- restart
local m = Memory
assert(math.type(m.one) == "float" and m.one == 1)
assert(math.type(m.nz) == "float" and 1/m.nz == -1/0)
assert(m.inf == 1/0 and m.ninf == -1/0 and m.nan ~= m.nan)
assert(m.tiny == 5e-324 and m.huge == 1.7976931348623157e308)
assert(math.type(m.p53) == "float" and m.p53 == 2.0^53)
