-- A library in a local variable is followed, into closures too.
local s, floor = string, math.floor
local t = table
local function join(list)
  local sort = t.sort
  sort(list)
  return t.concat(list, s.char(floor(44)))
end
local string = string
local m
if join then m = math else m = os end
return join({"b", "a"}), function() return string.upper("x"), m.max(1, 2), m.time end
