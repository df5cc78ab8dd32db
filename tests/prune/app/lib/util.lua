-- A module of modules.lua.
local M = {}
function M.greet(...) print(os.date("%Y", 0), ...) end
function M.close(file) file:close() end
return M
