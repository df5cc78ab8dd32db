-- __index and __newindex: tables, functions, chains, loops, rawget and rawset, numbers as keys.

local checks = 0

local function equal (got, want)
  checks = checks + 1
  if not rawequal(got, want) or math.type(got) ~= math.type(want) then
    error("got " .. tostring(got) .. ", want " .. tostring(want), 2)
  end
end

local function show (...)   -- the values as one line of text
  local t = table.pack(...)
  for i = 1, t.n do t[i] = tostring(t[i]) end
  return table.concat(t, " ")
end

local function raises (text, f, ...)   -- the error message contains the text
  checks = checks + 1
  local ok, err = pcall(f, ...)
  if ok or not string.find(tostring(err), text, 1, true) then
    error("want the error '" .. text .. "', got " .. tostring(err), 2)
  end
end

-- functions get the table and the key; one result is used
do
  local t = setmetatable({}, {__index = function (t, k) return k, "second" end})
  equal(t.x, "x"); equal(t[1], 1); equal(t[1.5], 1.5); equal(t[true], true); equal(t[nil], nil)
  equal(show(t.x, t.y), "x y")
  equal(select("#", t.x), 1)
  equal(rawget(t, "x"), nil)
  t.x = "own"
  equal(t.x, "own")
  t.x = nil
  equal(t.x, "x")
  equal(setmetatable({}, {__index = function () end}).x, nil)
  equal(setmetatable({}, {__index = function () return false end}).x, false)
end
-- chains of tables
do
  local a = {x = 1}
  local b = setmetatable({y = 2}, {__index = a})
  local c = setmetatable({z = 3}, {__index = b})
  equal(show(c.x, c.y, c.z, c.w), "1 2 3 nil")
  equal(rawget(c, "x"), nil)
  b.x = 10
  equal(c.x, 10); equal(a.x, 1)
  b.x = nil
  equal(c.x, 1)
  setmetatable(a, {__index = function (t, k) equal(t, a); return "default " .. k end})
  equal(c.w, "default w")
end
-- through other types
do
  local t = setmetatable({}, {__index = "text"})
  equal(t.len, string.len)
  equal(t.rep("a", 2), "aa")
  local u = setmetatable({}, {__index = coroutine.create(print)})
  raises("attempt to index a thread value", function () return u.x end)
  local v = setmetatable({}, {__index = 5})
  raises("attempt to index a number value", function () return v.x end)
  raises("attempt to index a boolean value", function () return setmetatable({}, {__index = true})[1] end)
  raises("attempt to index a boolean value", function () return setmetatable({}, {__index = false}).x end)
end
-- long chains work, endless ones are an error
do
  local first = {deep = "found"}
  local t = first
  for _ = 1, 1000 do t = setmetatable({}, {__index = t}) end
  equal(t.deep, "found")
  equal(t.missing, nil)
  local loop = {}
  setmetatable(loop, {__index = loop})
  raises("'__index' chain too long; possible loop", function () return loop.x end)
  setmetatable(loop, {__newindex = loop})
  raises("'__newindex' chain too long; possible loop", function () loop.x = 1 end)
  local a, b = {}, {}
  setmetatable(a, {__index = b}); setmetatable(b, {__index = a})
  raises("'__index' chain too long; possible loop", function () return a.x end)
  local f = setmetatable({}, {__index = function (t, k) return t[k] end})
  raises("stack overflow", function () return f.x end)
end

-- __newindex
do
  local log = {}
  local t = setmetatable({}, {__newindex = function (t, k, v) log[#log + 1] = tostring(k) .. "=" .. tostring(v); rawset(t, k, v) end})
  t.a = 1; t.a = 2; t[1] = "x"; t.a = nil; t.a = 3; t.b = nil
  equal(table.concat(log, ","), "a=1,1=x,a=3,b=nil")
  equal(t.a, 3)
  local store = {}
  local p = setmetatable({own = 0}, {__newindex = store})
  p.own = 1; p.new = 2
  equal(show(p.own, rawget(p, "new"), store.own, store.new), "1 nil nil 2")
  local mid = setmetatable({}, {__newindex = store})
  local q = setmetatable({}, {__newindex = mid})
  q.via = 5
  equal(store.via, 5); equal(rawget(mid, "via"), nil)
  local r = setmetatable({}, {__newindex = 5})
  raises("attempt to index a number value", function () r.x = 1 end)
  local s = setmetatable({}, {__newindex = function () error("read only", 2) end})
  raises("read only", function () s.x = 1 end)
  raises("index is nil", function () rawset({}, nil, 1) end)
  raises("index is nil", function () local t = {}; t[nil] = 1 end)
  local u = setmetatable({}, {__newindex = function (_, k, v) equal(k, nil); equal(v, 1) end})
  u[nil] = 1                -- reaches the metamethod
  local n = setmetatable({}, {__newindex = {}})
  raises("index is nil", function () n[nil] = 1 end)
end
-- both together: a proxy that counts
do
  local reads, writes = 0, 0
  local real = {10, 20, x = {y = 1}}
  local p = setmetatable({}, {
    __index = function (_, k) reads = reads + 1; return real[k] end,
    __newindex = function (_, k, v) writes = writes + 1; real[k] = v end,
    __len = function () return #real end,
    __pairs = function () return next, real, nil end,
  })
  p[3] = p[1] + p[2]
  p.x.y = p.x.y + 1
  equal(show(reads, writes, real[3], real.x.y, #p), "4 1 30 2 3")
  local n = 0
  for k in pairs(p) do n = n + 1 end
  equal(n, 4)
  for i, v in ipairs(p) do n = n + v end
  equal(n, 64)
  p[1], p[2] = p[2], p[1]
  equal(show(real[1], real[2]), "20 10")
end

-- the global environment is a table like others
do
  local log = {}
  local env = setmetatable({}, {__index = function (_, k) return "g:" .. k end,
    __newindex = function (t, k, v) log[#log + 1] = k; rawset(t, k, v) end})
  local f = load("local v = undefined; defined = 1; defined = 2; return v, defined", "=c", "t", env)
  equal(show(f()), "g:undefined 2")
  equal(table.concat(log, ","), "defined")
end

-- a method call is one lookup with self
do
  local Class = {}
  Class.__index = Class
  function Class.new (v) return setmetatable({v = v}, Class) end
  function Class:get (d) return self.v + (d or 0) end
  local Sub = setmetatable({}, {__index = Class})
  Sub.__index = Sub
  function Sub.new (v) return setmetatable(Class.new(v), Sub) end
  function Sub:get (d) return Class.get(self, d) * 2 end
  equal(Class.new(3):get(), 3)
  equal(Class.new(3):get(1), 4)
  equal(Sub.new(3):get(1), 8)
  raises("attempt to call a nil value (method 'missing')", function () Sub.new(1):missing() end)
end

-- metatables are read at each access: changes count at once, also of cached absences
do
  local mt = {}
  local t = setmetatable({}, mt)
  equal(t.x, nil)
  mt.__index = {x = 1}
  equal(t.x, 1)
  mt.__index = nil
  equal(t.x, nil)
  rawset(mt, "__index", function () return 2 end)
  equal(t.x, 2)
  setmetatable(t, nil)
  equal(t.x, nil)
  setmetatable(mt, {__index = {__index = function () return 3 end}})
  rawset(mt, "__index", nil)
  setmetatable(t, mt)
  equal(t.x, nil)           -- metamethods are looked up raw
end

-- other types can have metatables too
do
  debug.setmetatable(0, {__index = math})
  equal((9.0):sqrt(), 3.0)
  equal((-3):abs(), 3)
  debug.setmetatable(0, nil)
  raises("attempt to index a number value", function () return (1).x end)
  debug.setmetatable(nil, {__index = function (_, k) return k end})
  local n
  equal(n.field, "field")
  debug.setmetatable(nil, nil)
  raises("attempt to index a nil value (upvalue 'n')", function () return n.field end)
  debug.setmetatable(true, {__index = {yes = 1}})
  equal((true).yes, 1); equal((false).yes, 1)
  debug.setmetatable(true, nil)
  debug.setmetatable(print, {__index = {name = "fn"}})
  equal(print.name, "fn"); equal((function () end).name, "fn")
  debug.setmetatable(print, nil)
  raises("attempt to index a function value (global 'print')", function () return print.name end)
end

return "ok", checks
