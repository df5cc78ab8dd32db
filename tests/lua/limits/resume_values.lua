local co = coroutine.wrap(function(...) while true do coroutine.yield(...) end end)
local function g(...) while true do co(...) end end
g(table.unpack({}, 1, 100000))
