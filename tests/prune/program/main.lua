-- A program as one file: what the tests in application.test.mjs start.
local words = require "lib.words"

local names = {}
for i = 1, 50 do names["key" .. i] = i end
names[("long"):rep(20)] = 51
local started = 0

return function(text, ...)
  started = started + 1
  print("start", started)
  local first = next(names)
  local sum = 0
  for _, n in pairs(names) do sum = sum + n end
  if text == "fail" then error("asked to") end
  if text == "touch" then return Memory.f() end
  if text == "keep" then Memory.n = (Memory.n or 0) + 1 end
  return words.upper(text or "nothing"), sum, names.key7, names[("long"):rep(20)], select("#", ...), first, math.random(1 << 30), os.clock(), Memory.n
end
