-- A table that goes where it can't be followed stays whole.
local M = {str = string}
print(pairs(table))
local u
local function set() u = math end
set()
return utf8
