-- Nesting: coroutines resumed from coroutines up to the limit, recursion inside coroutines, many
-- pcalls, many frames; running out of any stack is an error that can be caught.

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

-- resumes nested in resumes: a clean "C stack overflow" somewhere, not before 100 levels
do
  local depth = 0
  local function nest ()
    depth = depth + 1
    local co = coroutine.create(nest)
    local ok, e = coroutine.resume(co)
    if not ok then error(e, 0) end
  end
  local ok, e = pcall(nest)
  equal(ok, false)
  check(e:find("C stack overflow", 1, true), e)
  check(depth > 100, "only " .. depth .. " levels")
end
do
  local depth = 0
  local function nest () depth = depth + 1; return coroutine.wrap(nest)() end
  local ok, e = pcall(nest)
  equal(ok, false)
  check(e:find("C stack overflow", 1, true), e)
  check(depth > 100)
end
-- afterwards everything works as before
for _ = 1, 3 do
  local depth = 0
  local function nest (n)
    if n == 0 then return "bottom" end
    return coroutine.wrap(nest)(n - 1)
  end
  equal(nest(100), "bottom")
end

-- yielding at every level of a nest, innermost first
do
  local function level (n)
    if n > 0 then
      local co = coroutine.wrap(level)
      for v in co, n - 1 do coroutine.yield(v) end
    end
    coroutine.yield(n)
  end
  local function all (n)
    local r = {}
    local co = coroutine.wrap(function () level(n) end)
    for v in co do r[#r + 1] = v end
    return table.concat(r, " ")
  end
  equal(all(3), "0 1 2 3")
  equal(#all(60), #table.concat((function () local t = {} for i = 0, 60 do t[#t + 1] = i end return t end)(), " "))
end

-- Lua recursion inside a coroutine has the coroutine's own stack
do
  local function deep (n) if n == 0 then return 0 end return 1 + deep(n - 1) end
  equal(coroutine.wrap(deep)(15000), 15000)
  equal(coroutine.wrap(function () coroutine.yield(deep(1000)); return deep(2000) end)(), 1000)
  local function forever (n) return 1 + forever(n + 1) end
  local ok, e = coroutine.resume(coroutine.create(forever), 1)
  equal(ok, false)
  check(e:find("stack overflow", 1, true), e)
  -- in several, one after another, and one inside another's handler
  for _ = 1, 3 do
    local co = coroutine.create(function ()
      local ok, e = pcall(forever, 1)
      coroutine.yield(ok, e)
      return deep(1000)
    end)
    local _, ok, e = coroutine.resume(co)
    equal(ok, false)
    check(e:find("stack overflow", 1, true))
    equal(select(2, coroutine.resume(co)), 1000)
  end
end

-- a yield at the bottom of a deep recursion, resumed, and unwound level by level
do
  local function deep (n) if n == 0 then return coroutine.yield("bottom") end return (deep(n - 1)) end
  local co = coroutine.create(deep)
  equal(select(2, coroutine.resume(co, 10000)), "bottom")
  equal(select(2, coroutine.resume(co, "up")), "up")
end
-- the same through pcall at each level (C calls, so fewer)
do
  local function deep (n)
    if n == 0 then return coroutine.yield("bottom") end
    local ok, v = pcall(deep, n - 1)
    return v
  end
  local co = coroutine.create(deep)
  equal(select(2, coroutine.resume(co, 150)), "bottom")
  equal(select(2, coroutine.resume(co, "up")), "up")
  co = coroutine.create(deep)
  coroutine.resume(co, 100)
  equal(coroutine.close(co), true)
end
-- and through metamethods
do
  local mt = {}
  mt.__index = function (t, n) if n == 0 then return coroutine.yield("bottom") end return t[n - 1] end
  local co = coroutine.create(function (n) return setmetatable({}, mt)[n] end)
  equal(select(2, coroutine.resume(co, 100)), "bottom")
  equal(select(2, coroutine.resume(co, "up")), "up")
end

-- pcall nesting without coroutines ends in an error too
do
  local depth = 0
  local function nest () depth = depth + 1; return pcall(nest) end
  local r = table.pack(nest())
  equal(r[r.n - 1], false)
  check(r[r.n]:find("stack overflow", 1, true), tostring(r[r.n]))
  check(depth > 100)
end
-- error in the handler over and over
do
  local n = 0
  local function handler (m) n = n + 1; error(m) end
  local ok, e = xpcall(error, handler, "x")
  equal(ok, false)
  check(n >= 1)
  check(type(e) == "string")
end

-- ten thousand coroutines created, switched and dropped without trouble
do
  local total = 0
  for i = 1, 10000 do
    local co = coroutine.wrap(function (a) local b = coroutine.yield(a + 1); return b * 2 end)
    total = total + co(i) + co(1)
  end
  equal(total, 10000 * 10001 // 2 + 10000 + 20000)
end

return "ok", checks
