-- The names by which the prompt completes a path like `string.for` or `object:me`: a function from the path's part before
-- the last separator to the names there, separated by spaces. No code of the script's runs, and its globals are not used.
local getmetatable, rawget, next, type, concat = debug.getmetatable, rawget, next, type, table.concat
local find, gmatch = string.find, string.gmatch
local globals = _G

-- What `value[name]` finds, following tables that are `__index`.
local function field (value, name)
  for _ = 1, 20 do
    if type(value) == "table" then
      local found = rawget(value, name)
      if found ~= nil then return found end
    end
    local meta = getmetatable(value)
    value = meta and rawget(meta, "__index")
    if value == nil then return nil end
  end
end

return function (path)
  local value = globals
  for name in gmatch(path, "[^.:]+") do
    value = field(value, name)
    if value == nil then return "" end
  end
  local names, seen = {}, {}
  for _ = 1, 20 do
    if type(value) == "table" then
      for key in next, value do
        if type(key) == "string" and find(key, "^[%a_][%w_]*$") and not seen[key] then
          seen[key] = true
          names[#names + 1] = key
          if #names == 10000 then return concat(names, " ") end
        end
      end
    end
    local meta = getmetatable(value)
    value = meta and rawget(meta, "__index")
    if value == nil then break end
  end
  return concat(names, " ")
end
