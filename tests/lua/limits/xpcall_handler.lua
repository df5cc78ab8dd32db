-- the handler loops, catches and starts anew
local function h() while true do xpcall(error, h) end end
while true do xpcall(function() error("x") end, h) end
