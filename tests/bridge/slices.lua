-- A task stops and goes on at calls and backward jumps, wherever that is; the program computes what it would without.
-- (The native host is compiled to stop every few steps.)

local checks = 0

local function equal (got, want)
  checks = checks + 1
  if got ~= want or math.type(got) ~= math.type(want) then
    error(string.format("expected %s, found %s", want, got), 2)
  end
end

-- loops of all kinds
local s = 0
for i = 1, 1000 do s = s + i end
for _, v in ipairs {1, 2, 3} do s = s + v end
for k, v in pairs {a = 1, b = 2} do s = s + v end
local i = 0
while i < 100 do i = i + 1 if i % 3 == 0 then goto continue end s = s + 1 ::continue:: end
repeat i = i - 1 s = s + 1 until i == 0
equal(s, 500500 + 6 + 3 + 67 + 100)

-- frames with more arguments than they have room for
local function count (...) return select("#", ...) end
local function tail (a, b, ...) return count(b, a, ...) end
local function wide (n, ...) if n == 0 then return count(...) end return (wide(n - 1, n, ...)) end
local total = 0
for n = 0, 300 do total = total + count(table.unpack({}, 1, n)) + tail(1) + tail(1, nil, 3) end
equal(total, 300 * 301 // 2 + 301 * 5)
equal(wide(60), 60)
local ok, msg = xpcall(function ()
  local function f (...) return 1 + f(...) end
  return f(table.unpack({}, 1, 1000))
end, function (m) return "handled: " .. m end)
equal(ok, false)
equal(msg:match("^handled: .*stack overflow") ~= nil, true)

-- inside coroutines inside protected calls inside iterators
local function range (n)
  return coroutine.wrap(function ()
    for i = 1, n do
      local ok, v = pcall(function () local t = {} for j = 1, i do t[j] = j end return #t end)
      coroutine.yield(ok and v)
    end
  end)
end
local sum = 0
for v in range(40) do
  sum = sum + v
  for w in range(5) do sum = sum + w end
end
equal(sum, 820 + 40 * 15)

-- metamethods, to-be-closed variables, comparators (where it can't stop)
local V = {}
V.__index = function (t, k) local n = 0 for i = 1, k do n = n + 1 end return n end
V.__lt = function (a, b) for i = 1, 20 do end return a.x < b.x end
V.__close = function () for i = 1, 20 do checks = checks + 1 end end
V.__concat = function (a, b) local t = {} for i = 1, 10 do t[i] = "x" end return table.concat(t) end
local function new (x) return setmetatable({x = x}, V) end
equal(new(1)[50], 50)
equal(new(1) < new(2), true)
equal(new(1) .. "a" .. "b", "xxxxxxxxxx")
do local c <close> = new(1) end
local list = {}
for i = 1, 50 do list[i] = i * 7919 % 50 end
table.sort(list, function (a, b) for i = 1, 5 do end return a < b end)
for i = 1, 50 do equal(list[i], i - 1) end

-- errors after a stop have their line
local _, e = pcall(function ()
  for i = 1, 100 do
    if i == 50 then error("here") end
  end
end)
equal(e:match(":(%d+): here$"), "73")

return "ok", checks
