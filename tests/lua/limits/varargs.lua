local function f(...) return ... end
local function g(...) while true do f(...) end end
g(table.unpack({}, 1, 100000))
