-- __gc: order, arguments, resurrection, errors, re-marking, finalisers that allocate and collect.

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

local function run (source, ...)
  return assert(load(source, "=c"))(...)
end

local function full () collectgarbage(); collectgarbage() end

for _, mode in ipairs {"incremental", "generational"} do
  collectgarbage(mode)

  -- called once, with the object, in the reverse order of marking
  do
    local log = {}
    full()
    collectgarbage("stop")
    for i = 1, 10 do setmetatable({i}, {__gc = function (o, ...) log[#log + 1] = o[1] .. ":" .. select("#", ...) end}) end
    collectgarbage("restart")
    full()
    equal(table.concat(log, " "), "10:0 9:0 8:0 7:0 6:0 5:0 4:0 3:0 2:0 1:0")
    full()
    equal(#log, 10)
  end
  -- only objects whose metatable had __gc when it was set are marked
  do
    local n = 0
    local mt = {}
    setmetatable({}, mt)
    mt.__gc = function () n = n + 1 end
    full()
    equal(n, 0)
    setmetatable({}, mt)
    full()
    equal(n, 1)
    local mt2 = {__gc = true}                    -- a placeholder marks
    setmetatable({}, mt2)
    mt2.__gc = function () n = n + 10 end
    full()
    equal(n, 11)
    local mt3 = {__gc = function () n = n + 100 end}
    setmetatable({}, mt3)
    mt3.__gc = nil                               -- gone by then: nothing is called
    full()
    equal(n, 11)
    local mt4 = {__gc = 5}                       -- not callable: ignored with a warning
    setmetatable({}, mt4)
    full()
    local o = setmetatable({}, {__gc = function () n = n + 1000 end})
    setmetatable(o, nil)                         -- without the metatable nothing is called
    o = nil
    full()
    equal(n, 11)
  end
  -- resurrection
  do
    local saved
    local n = 0
    do
      local o = {name = "phoenix", part = {1}}
      setmetatable(o, {__gc = function (x) n = n + 1; saved = x end})
      o = nil
    end
    full()
    equal(n, 1); equal(saved.name, "phoenix"); equal(saved.part[1], 1)
    full()
    equal(n, 1)
    saved = nil
    full()
    equal(n, 1)                                  -- once only, unless marked again
    local times = 0
    local mt
    mt = {__gc = function (x) times = times + 1; if times < 3 then setmetatable(x, mt) end end}
    setmetatable({}, mt)
    full(); full(); full(); full()
    equal(times, 3)
  end
  -- everything an object refers to is there when it is finalised, also other dead objects
  do
    local log = {}
    local a = {name = "a"}
    local b = {name = "b", other = a}
    a.other = b
    local gc = function (o) log[#log + 1] = o.name .. ">" .. o.other.name end
    setmetatable(a, {__gc = gc}); setmetatable(b, {__gc = gc})
    a, b = nil, nil
    full()
    equal(table.concat(log, " "), "b>a a>b")
  end
  -- weak tables: values are cleared before the finalisers run, keys after
  do
    local byval, bykey = setmetatable({}, {__mode = "v"}), setmetatable({}, {__mode = "k"})
    local inval, inkey
    local o = setmetatable({}, {__gc = function (x) inval = byval[1]; inkey = bykey[x] end})
    byval[1] = o; bykey[o] = "data"
    o = nil
    full()
    equal(inval, nil); equal(inkey, "data")
    full()
    equal(next(bykey), nil)
  end
  -- an error in a finaliser is a warning: nothing is interrupted, the others run
  do
    local n = 0
    for i = 1, 5 do setmetatable({}, {__gc = function () n = n + 1; if i == 3 then error("in gc") end end}) end
    local ok = pcall(full)
    equal(ok, true); equal(n, 5)
  end
  -- finalisers may allocate, create marked objects, and call functions that yield inside coroutines
  do
    local n = 0
    local function make (depth)
      setmetatable({}, {__gc = function ()
        n = n + 1
        if depth > 0 then make(depth - 1) end
        local t = {}
        for i = 1, 100 do t[i] = {i} end
        local co = coroutine.wrap(function () coroutine.yield(1) end)
        co(); co()
        pcall(error, "caught inside")
      end})
    end
    make(3)
    for _ = 1, 8 do collectgarbage() end
    equal(n, 4)
  end
  do   -- the collector does not run inside a finaliser, but asking for it is harmless
    local r
    setmetatable({}, {__gc = function () r = table.pack(collectgarbage()); collectgarbage("step"); collectgarbage("count") end})
    full()
    equal(r.n, 1)
    equal(r[1], nil)
  end
  -- a yield in a finaliser is an error there
  do
    local ok, e
    local co = coroutine.create(function ()
      setmetatable({}, {__gc = function () ok, e = pcall(coroutine.yield) end})
      full()
      coroutine.yield("alive")
      return "end"
    end)
    equal(select(2, coroutine.resume(co)), "alive")
    equal(select(2, coroutine.resume(co)), "end")
    equal(ok, false)
    check(e:find("attempt to yield across a C-call boundary", 1, true))
  end
  -- the metatable's field, looked up at the end
  do
    local which
    local mt = {__gc = function () which = "old" end}
    setmetatable({}, mt)
    mt.__gc = function () which = "new" end
    full()
    equal(which, "new")
  end
  -- many
  do
    local n = 0
    local mt = {__gc = function () n = n + 1 end}
    for i = 1, 5000 do setmetatable({}, mt) end
    full()
    equal(n, 5000)
  end
  -- debug names a finaliser as such
  do
    local what
    setmetatable({}, {__gc = function () what = debug.getinfo(1, "n") end})
    full()
    equal(what.namewhat, "metamethod"); equal(what.name, "__gc" )
  end
end
collectgarbage("incremental")

return "ok", checks
