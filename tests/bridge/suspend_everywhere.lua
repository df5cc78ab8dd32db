-- A host function that waits suspends everything between it and the task's base, and no script sees it. Each call is
-- made twice, once with a host function that answers at once; both have to give the same.

local wait, echo, back, raise, object = ...
local checks = 0

local function equal (got, want)
  checks = checks + 1
  if got ~= want or math.type(got) ~= math.type(want) then
    error(string.format("expected %s, found %s", want, got), 2)
  end
end

local function program (w)
  local log = {}
  local function note (...)
    local t = table.pack(...)
    for i = 1, t.n do t[i] = tostring(t[i]) end
    log[#log + 1] = table.concat(t, ",")
  end
  local meta = {}
  for _, event in ipairs {"index", "add", "concat", "len", "call", "unm", "idiv", "shl"} do
    meta["__" .. event] = function (a, b) return (w(event)) end
  end
  meta.__lt = function () return w(true) end
  meta.__le = function () return w(false) end
  meta.__eq = function () return w(true) end
  meta.__newindex = function (t, k, v) rawset(t, k, w(v)) end
  meta.__close = function () note("close", w("c")) end
  meta.__pairs = function () return function (_, k) return w((k or 0) < 3 and (k or 0) + 1 or nil) end, nil, nil end
  local function new () return setmetatable({}, meta) end

  local function operators ()
    local o, p = new(), new()
    note(o.x, o + 1, o .. "x", #o, o(1), -o, o // 2, o << 1)
    note(tostring(o < p), tostring(o <= p), tostring(o == p), tostring(o ~= p))
    o.y = 5
    note(rawget(o, "y"))
    for k in pairs(o) do note(k) end
    do local c <close> = new() end
    for i in coroutine.wrap(function () for i = 1, 3 do coroutine.yield(w(i)) end end) do note(i) end
  end

  local function protected ()
    note(select("#", pcall(w, 1, 2, 3)))
    note(tostring(pcall(function () w(1) error(w("e"), 0) end)))
    note(select(2, pcall(function () error(w("e"), 0) end)))
    note(select(2, xpcall(function () error(w("e"), 0) end, function (m) return m .. "!" end)))
    note(select(2, pcall(pcall, pcall, function () local c <close> = new() error("inner", 0) end)))
    local ok, t = pcall(error, {code = w(7)})
    note(tostring(ok), t.code)
  end

  local function coroutines ()
    local co
    co = coroutine.create(function (a, b)
      note(a, b, coroutine.status(co))
      local inner = coroutine.wrap(function (...)
        operators()
        local c = coroutine.yield(w(...))
        protected()
        return w(c, "end")
      end)
      note(inner(1, 2))
      note(coroutine.yield(w("y1")))
      note(inner("again"))
      error(w("dead"))
    end)
    while coroutine.status(co) ~= "dead" do
      note(coroutine.status(co))
      note(select(2, coroutine.resume(co, "a", "b")))
    end
    -- 'wrap' closes a coroutine that failed: that can't wait (nor could it yield)
    local plain = setmetatable({}, {__close = function () note "plain" end})
    local failing = coroutine.wrap(function () local c <close> = plain error({w(1)}) end)
    local ok, e = pcall(failing)
    note(ok, type(e), e[1])
    local closed = coroutine.create(function () local c <close> = setmetatable({}, {__close = function () note "x" end})
      w(1) coroutine.yield() end)
    coroutine.resume(closed)
    note(tostring(coroutine.close(closed)))
  end

  operators() protected() coroutines()
  coroutine.wrap(function () operators() protected() coroutines() end)()
  pcall(function () coroutine.wrap(function () pcall(coroutines) end)() end)
  return table.concat(log, "\n")
end

equal(program(wait), program(echo))

-- calls back into Lua, and errors on the way
equal(back(function (a, b) return a + b end, 1, 2), 3)
equal(select(2, pcall(back, function () error("x", 0) end)), "x")
equal(select(2, pcall(raise, "boo")), "boo")
equal(select(2, pcall(function () raise("boo") end)):match(":%d+: boo$") ~= nil, true)
local e = {}
equal(select(2, pcall(raise, coroutine.running())), coroutine.running())
local function down (n) if n == 0 then return "bottom" end return back(down, n - 1) end
equal(down(50), "bottom")
local ok, msg = pcall(back, function () return down(1000) end)
equal(ok, false)
equal(msg:match("stack overflow") ~= nil, true)

-- where Lua cannot be left
local function refused (f, ...)
  local ok, msg = pcall(f, ...)
  equal(ok, false)
  equal(msg:match("host function 'w' cannot wait here: [^\n]*") ~= nil, true)
  return msg:match("cannot wait here: ([^\n]*)")
end
equal(refused(table.sort, {3, 2, 1}, function () return wait(true) end), "Lua cannot leave the call of 'table.sort'")
equal(refused(string.gsub, "abc", ".", function () return coroutine.wrap(wait)(1) end), "Lua cannot leave the call of 'string.gsub'")
refused(back, function () return wait(1) end)

-- identity, and objects
equal(echo(e) == e, false)
equal(echo(down), down)
equal(echo(wait), wait)
equal(echo(object), object)
equal(type(object), "userdata")
equal(object.field, 10)
equal(#object, 0)
object.x = 1
local cyclic = {1, {2}, k = {3}}
cyclic.self = cyclic
local copy = wait(cyclic)
equal(copy.self, copy)
equal(copy[2][1] + copy.k[1], 5)
collectgarbage()

return "ok", checks
