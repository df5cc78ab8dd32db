-- An application that fails in many ways, and prints each failure with its traceback.
-- In a module it is started without its library, which it then requires, and is asked to fail as a whole.
local given = ...
local lib = type(given) == "table" and given or require "lib"

local function report(name, f, ...)
  local _, text = xpcall(f, debug.traceback, ...)
  print("== " .. name)
  print(text)
end

report("error in a library", lib.raise, "oh")
report("error with the caller's position", function()
  local function check(x)
    if type(x) ~= "number" then error("expected a number", 2) end
  end
  check("no")
end)
report("a nil field", function() return setmetatable({}, lib.class):method() end)
report("arithmetic, deep", lib.deep, 5, function()
  return {} + 1
end)
report("a long function", lib.long, 7)
report("a library function of Lua's", function() return ("x"):rep(-1) .. string.rep() end)
report("in a sort", function()
  table.sort({ 3, 1, 2 }, function(a, b)
    return a.x < b
  end)
end)
report("in a metamethod", function()
  local t = setmetatable({}, { __index = function(_, key)
    error("no " .. key)
  end })
  return t.field
end)

local coro = coroutine.create(function(x)
  local y = coroutine.yield(x)
  lib.raise("in a coroutine " .. y)
end)
coroutine.resume(coro, 1)
print("== a coroutine")
print(select(2, coroutine.resume(coro, 2)))
print(debug.traceback(coro))

local info = debug.getinfo(report, "S")
print("== a function", info.short_src .. ":" .. info.linedefined)

if given == "fail" then lib.raise("asked to") end
