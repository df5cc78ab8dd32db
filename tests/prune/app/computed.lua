-- A name that is computed, in a library.
local function call(name, x) return math[name](x) end
local n = 3
print(("x")[n > 2 and tostring(n) or "rep"])
return call("sin", 1)
