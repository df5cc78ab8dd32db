-- Sizes that cannot be: an error that can be caught, at once, with nothing left behind. (What a
-- limit set by the host does is tested from the host.)

local checks = 0

local function check (cond, msg)
  checks = checks + 1
  if not cond then error(msg or "check failed", 2) end
end

local function equal (got, want)
  checks = checks + 1
  if not rawequal(got, want) or math.type(got) ~= math.type(want) then
    error("got " .. tostring(got) .. ", want " .. tostring(want), 2)
  end
end

local function toobig (f, ...)   -- whichever of the two errors the size meets on this host
  checks = checks + 1
  local ok, e = pcall(f, ...)
  if ok or not (e == "not enough memory" or string.find(tostring(e), "resulting string too large", 1, true)
      or string.find(tostring(e), "string length overflow", 1, true) or string.find(tostring(e), "too large", 1, true)
      or string.find(tostring(e), "table overflow", 1, true) or string.find(tostring(e), "overflow", 1, true)) then
    error("want a memory error, got " .. tostring(ok) .. " " .. tostring(e):sub(1, 100), 2)
  end
end

toobig(string.rep, "x", 1 << 62)
toobig(string.rep, "x", math.maxinteger)
toobig(string.rep, "xyz", 1 << 61)
toobig(string.rep, "x", 1 << 50)
toobig(string.rep, "x", 1 << 40, ",")
toobig(string.rep, string.rep("x", 1 << 20), 1 << 45)
toobig(function () return ("x"):rep(1 << 44) .. "y" end)
if _VERSION == "Lua 5.5" then toobig(table.create, 1 << 30, 1 << 30) end

-- after each, ordinary work goes on
for i = 1, 50 do
  pcall(string.rep, "x", 1 << 50)
  local t = {}
  for j = 1, 100 do t[j] = "v" .. j end
  equal(#table.concat(t), 292)
end

-- what was allocated before the failure is freed
do
  collectgarbage()
  local before = collectgarbage("count")
  for i = 1, 20 do
    pcall(function ()
      local keep = {}
      for j = 1, 100 do keep[j] = ("k"):rep(1000) .. j end
      return ("x"):rep(1 << 50)
    end)
  end
  collectgarbage()
  check(collectgarbage("count") < before + 200)
end
-- inside coroutines, finalisers, metamethods, closing variables
do
  local co = coroutine.create(function () return ("x"):rep(1 << 50) end)
  equal(coroutine.resume(co), false)
  equal(coroutine.status(co), "dead")
  local closed
  pcall(function ()
    local x <close> = setmetatable({}, {__close = function (_, e) closed = type(e) end})
    return ("x"):rep(1 << 50)
  end)
  equal(closed, "string")
  local ran
  setmetatable({}, {__gc = function () ran = pcall(string.rep, "x", 1 << 50) end})
  collectgarbage(); collectgarbage()
  equal(ran, false)
end
-- large but possible
do
  local s = ("0123456789"):rep(1000000)
  equal(#s, 10000000); equal(s:byte(-1), 57); equal(s:find("90", 9000000, true), 9000000)
  equal(#(s .. s), 20000000)
  s = nil
  collectgarbage()
  local t = {}
  for i = 1, 200000 do t[i] = i end
  equal(#t, 200000)
  for i = 1, 200000 do t["k" .. i % 1000] = i end
  t = nil
  collectgarbage()
  check(collectgarbage("count") < 20000)
end

return "ok", checks
