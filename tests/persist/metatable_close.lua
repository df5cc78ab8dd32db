Memory.log = {}
Memory.c = setmetatable({}, {__close = function() Memory.log[#Memory.log + 1] = "closed" end})
--- restart
do local c <close> = Memory.c end
--- restart
assert(#Memory.log == 1 and Memory.log[1] == "closed")
-- a variable whose metamethod goes away is an error, and no value is left but those that there are
local function closing()
  local c <close> = setmetatable({}, {__close = print})
  setmetatable(c, {})
end
local found
local ok, msg = xpcall(closing, function(msg)
  local t, i = {}, 1
  while true do
    local name, v = debug.getlocal(2, i)
    if not name then break end
    t[i], i = v, i + 1
  end
  found = t
  return msg
end)
assert(not ok and msg:find("attempt to call a nil value", 1, true) and found)
