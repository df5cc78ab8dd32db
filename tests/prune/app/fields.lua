-- What a program adds to a library is its own; assigning to a global of a library's function is no use of it.
function string.trim(s) return (s:gsub("^%s+", "")) end
print = nil
local object = {}
function object:write() return self.buffer end
object:write()
return (" x"):trim(), object.close, getmetatable("").__index
