Memory.v = {1}
for i = 1, 100 do Memory.v = {Memory.v, i} end
--- restart
local v, n = Memory.v, 0
while type(v[1]) == "table" do v = v[1]; n = n + 1 end
assert(n == 100 and v[1] == 1)
