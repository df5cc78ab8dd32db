table.concat(setmetatable({}, {__index = {}, __len = function() return math.maxinteger end,
  __index = function() return "" end}))
