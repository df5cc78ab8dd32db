-- Weak tables: values, keys (ephemerons), both; what is and is not collected; order of clearing.

local checks = 0

local function equal (got, want)
  checks = checks + 1
  if not rawequal(got, want) or math.type(got) ~= math.type(want) then
    error("got " .. tostring(got) .. ", want " .. tostring(want), 2)
  end
end

local function full () collectgarbage(); collectgarbage() end
local function count (t) local n = 0; for _ in pairs(t) do n = n + 1 end return n end
local function weak (mode, t) return setmetatable(t or {}, {__mode = mode}) end

for _, mode in ipairs {"incremental", "generational"} do
  collectgarbage(mode)

  -- weak values
  do
    local t = weak("v")
    local keep = {}
    t[1] = keep; t[2] = {}; t.x = {}; t.y = keep; t.s = "string"; t.n = 42; t.f = print; t.b = true
    t[{}] = "key is strong"
    full()
    equal(t[1], keep); equal(t[2], nil); equal(t.x, nil); equal(t.y, keep)
    equal(t.s, "string"); equal(t.n, 42); equal(t.f, print); equal(t.b, true)
    equal(count(t), 7)
  end
  -- weak keys
  do
    local t = weak("k")
    local keep = {}
    t[keep] = 1; t[{}] = 2; t.s = {}; t[7] = {}; t[print] = {}
    for i = 1, 100 do t[{}] = i end
    full()
    equal(count(t), 4); equal(t[keep], 1); equal(type(t.s), "table"); equal(type(t[7]), "table")
  end
  -- both
  do
    local t = weak("kv")
    local keep, keep2 = {}, {}
    t[keep] = keep2; t[{}] = keep; t[keep2] = {}; t[1] = {}; t[2] = keep
    full()
    equal(count(t), 2); equal(t[keep], keep2); equal(t[2], keep)
  end
  -- ephemerons: a value that refers to its own key does not keep it
  do
    local t = weak("k")
    for i = 1, 50 do local k = {}; t[k] = {k} end
    for i = 1, 50 do local k = {}; t[k] = function () return k end end
    full()
    equal(count(t), 0)
    -- a chain hanging on one live key stays, all of it
    local first = {}
    local k = first
    for i = 1, 100 do local n = {}; t[k] = n; k = n end
    full()
    equal(count(t), 100)
    k = nil
    full()
    equal(count(t), 100)
    first = nil
    full()
    equal(count(t), 0)
    -- over two tables
    local a, b = weak("k"), weak("k")
    local x, y = {}, {}
    a[x] = y; b[y] = x
    full()
    equal(count(a), 1); equal(count(b), 1)
    x = nil
    full()
    equal(count(a), 1)          -- y keeps x through b
    y = nil
    full()
    equal(count(b), 0)
  end
  -- strings are values, never collected from weak tables
  do
    local t = weak("kv")
    for i = 1, 50 do t["k" .. i] = "v" .. i; t[i] = string.rep("long", 50) .. i end
    full()
    equal(count(t), 100)
  end
  -- the mode can change
  do
    local mt = {}
    local t = setmetatable({{}, {}, {}}, mt)
    full()
    equal(#t, 3)
    mt.__mode = "v"; setmetatable(t, mt)
    full()
    equal(count(t), 0)
    local u = setmetatable({{}}, {__mode = "x"}); full(); equal(count(u), 1)
    u = setmetatable({{}}, {__mode = 5}); full(); equal(count(u), 1)
    u = setmetatable({{}}, {__mode = "strange v"}); full(); equal(count(u), 0)
  end
  -- functions, threads, closures
  do
    local t = weak("v")
    t[1] = coroutine.create(print)
    local x = 0
    t[2] = function () x = x + 1; return x end
    t[3] = coroutine.wrap(function () coroutine.yield(t) end)
    full()
    equal(count(t), 0)
  end
  -- clearing while walking
  do
    local t = weak("k")
    for i = 1, 200 do t[{}] = i end
    local n = 0
    for k, v in pairs(t) do
      n = n + 1
      if n % 10 == 0 then collectgarbage("step") end
      if n == 150 then full() end
    end
    full()
    equal(count(t), 0)
  end
  -- a memo table with weak values
  do
    local calls = 0
    local memo = weak("v")
    local function f (x)
      local r = memo[x]
      if not r then calls = calls + 1; r = {x * 2}; memo[x] = r end
      return r
    end
    local a = f(1); f(1); f(2)
    full()
    equal(f(1), a)
    f(2)
    equal(calls, 3)
  end
  -- large tables shrink and stay right
  do
    local t = weak("v")
    local keep = {}
    for i = 1, 5000 do t[i] = i == 777 and keep or {i} end
    full()
    equal(count(t), 1); equal(t[777], keep); equal(#t == 0 or #t == 777, true)
    for i = 1, 10 do t[i] = keep end
    equal(count(t), 11)
  end
end
collectgarbage("incremental")

return "ok", checks
