local M = {}
function M.upper(text) return (text:gsub("%a+", string.upper)) end
return M
