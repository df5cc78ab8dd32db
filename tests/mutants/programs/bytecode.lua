-- Functions that are stored as binary chunks: each kind of instruction is in one of them.
local function keep (name, f) Memory[name] = load(string.dump(f, #name % 2 == 0), "=" .. name, "b") end

keep("loops", function (n)
  local sum = 0
  for i = 1, n or 3 do sum = sum + i end
  for i = 3.0, 0.5, -0.5 do sum = sum + i end
  for k, v in pairs {1, 2, x = 3} do sum = sum + v end
  for k, v in next, {10, 20}, nil, setmetatable({}, {__close = function () sum = sum + 1 end}) do sum = sum + v end
  while sum < 0 do sum = sum + 1 end
  repeat local done = sum > 100; sum = sum + 50 until done
  return sum
end)
keep("tables", function (a, ...)
  local t = {1, 2, 3, x = a, [a or 1] = "y", ...}
  t.field, t[1], t[a or 2] = "f", t.x, t[2]
  t.list = {t.field, t[1], #t, not a, -(tonumber(a) or 1), ~7}
  if t.method then t = t:method(a) end
  return t.field .. t[1] .. #t .. "end"
end)
keep("numbers", function (a, b)
  a, b = tonumber(a) or 7, tonumber(b) or 2
  local c = a + b - 3 * a % 5 / 2 // 1 ^ 2
  local d = (a & 12 | 3 ~ 5) << 2 >> 1
  if a < b or a <= 3 or 4 > b or a == 5 or b ~= "x" and c >= 0.5 then c = c + 1 end
  return c, d, a << 1, 1 >> 0, a & 0xff, 2.5 * a, a // 1, a == b, not (a < b)
end)
keep("closures", function (...)
  local n, list = 0, {}
  for i = 1, 3 do
    list[i] = function (k) n = n + (k or i); return n, i end
  end
  local function deep (k) if k > 0 then return deep(k - 1) end return n end
  list.deep = deep
  return list[1](2), list[2](), deep(5), list
end)
keep("arguments", function (first, ...)
  local a, b = ...
  local n = select("#", ...)
  local packed = {...}
  return (function (...) return first, a, b, n, #packed, ... end)(...)
end)
keep("closing", function (a)
  local log = {}
  do
    local one <close> = setmetatable({}, {__close = function (_, e) log[#log + 1] = e or "one" end})
    local two <close> = setmetatable({}, {__close = function () log[#log + 1] = "two" end})
    if a == 1 then return log end
    log[1] = "body"
  end
  goto over
  log[9] = "skipped"
  ::over::
  return log, pcall(function () local x <close> = nil; error("e") end)
end)
keep("objects", function (self)
  local class = {}
  class.__index = class
  function class:get (k) return self[k] end
  class.__add = function (a, b) return a.v + (type(b) == "table" and b.v or b) end
  class.__lt = function (a, b) return a.v < b.v end
  class.__eq = function () return true end
  class.__concat = function () return "c" end
  local x, y = setmetatable({v = 1}, class), setmetatable({v = 2}, class)
  return x:get("v"), x + y, x + 1, x < y, x == y, x .. y
end)
keep("yields", function (a)
  local b = coroutine.yield(a)
  for i = 1, 2 do b = coroutine.yield(b, i) end
  return b
end)
Memory.long = load(string.dump(load("local t = {" .. ("1,"):rep(60) .. "}; local s = '" .. ("s"):rep(60) .. "'; return t, s")))
