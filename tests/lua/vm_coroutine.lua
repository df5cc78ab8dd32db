-- Coroutines in all their corners: every way in which a yield can leave and
-- a resume can come back in, and what must not be able to yield.

local co_create, resume, yield = coroutine.create, coroutine.resume, coroutine.yield
local wrap, status, close = coroutine.wrap, coroutine.status, coroutine.close
local unpack, pack = table.unpack, table.pack

local function eq(a, b)
  if a ~= b then
    error(("expected %s, found %s"):format(tostring(b), tostring(a)), 2)
  end
end

local function eqlist(t, ...)
  local u = pack(...)
  eq(t.n, u.n)
  for i = 1, u.n do
    if t[i] ~= u[i] then
      error(("value %d: expected %s, found %s"):format(i, tostring(u[i]),
            tostring(t[i])), 2)
    end
  end
end

do  -- an operation whose metamethod yielded fails when it goes on
  local t = setmetatable({}, {__concat = function(a) return yield(a) end})
  local co = wrap(function() return pcall(function() return {} .. "x" .. t end) end)
  eq(co(), "x")
  local ok, e = co("r")
  eq(ok, false)
  assert(e:find("attempt to concatenate a table value", 1, true), e)
end

do  -- values in both directions, any number of them
  local co = wrap(function(...)
    local got = pack(...)
    while true do got = pack(yield(unpack(got, 1, got.n))) end
  end)
  eqlist(pack(co()))
  eqlist(pack(co(1)), 1)
  eqlist(pack(co(nil, nil)), nil, nil)
  eqlist(pack(co(nil)), nil)
  eqlist(pack(co()))
  local many = {}
  for i = 1, 200 do many[i] = i end
  eqlist(pack(co(unpack(many))), unpack(many))
end

do  -- the yield call adjusted to none, one, two and all results
  local out = {}
  local co = co_create(function()
    yield(1)
    local a = yield(2)
    local b, c = yield(3)
    out[1], out[2], out[3] = a, b, c
    local t = {yield(4)}
    out.n = #t
    local u = {0, yield(5), 0}
    out.u = #u
    out.v = (yield(6))
    out.w = pack((yield(7))).n
    return yield(8)
  end)
  for i = 1, 8 do
    local ok, v = resume(co, "a" .. i, "b" .. i, "c" .. i)
    assert(ok)
    eq(v, i)
  end
  eqlist(pack(resume(co, "x", nil)), true, "x", nil)
  eq(out[1], "a3"); eq(out[2], "a4"); eq(out[3], "b4")
  eq(out.n, 3); eq(out.u, 3); eq(out.v, "a7"); eq(out.w, 1)
  eq(status(co), "dead")
  local ok, msg = resume(co)
  eq(ok, false)
  eq(msg, "cannot resume dead coroutine")
end

do  -- tail calls of yield: plain, from varargs, from a frame with upvalues
  local function plain(a) return yield(a) end
  local function vararg(...) return yield(...) end
  local function closing(a) local f = function() return a end; return yield(f()) end
  local function nested(a) return plain(a) end
  local co = wrap(function()
    local r = {plain(1), vararg(2, "x"), closing(3), nested(4), (vararg(5))}
    return #r, unpack(r)
  end)
  eqlist(pack(co()), 1)
  eqlist(pack(co("p")), 2, "x")
  eqlist(pack(co("q")), 3)
  eqlist(pack(co("r")), 4)
  eqlist(pack(co("s")), 5)
  eqlist(pack(co("t", "u")), 5, "p", "q", "r", "s", "t")
end

do  -- library functions as bodies
  local co = co_create(yield)
  eqlist(pack(resume(co, 1, 2)), true, 1, 2)
  eqlist(pack(resume(co, 3)), true, 3)
  eq(status(co), "dead")
  co = co_create(pcall)
  eqlist(pack(resume(co, yield, 5)), true, 5)
  eqlist(pack(resume(co, 6, 7)), true, true, 6, 7)
  co = wrap(pcall)
  eqlist(pack(co(pcall, pcall, yield, "z")), "z")
  eqlist(pack(co("w")), true, true, true, "w")
  co = wrap(error)
  eqlist(pack(pcall(co, "m")), false, "m")
  co = co_create(status)
  local ok, st = resume(co, co)
  eq(st, "running")
end

do  -- deep Lua recursion, a yield at the bottom and on the way up
  local function deep(n)
    if n == 0 then return yield("bottom") end
    local r = deep(n - 1)
    if n % 100 == 0 then yield(n) end
    return r + 1
  end
  local co = wrap(deep)
  eq(co(1000), "bottom")
  eq(co(5), 100)
  for i = 200, 1000, 100 do eq(co(), i) end
  eq(co(), 1005)
end

do  -- recursive generators, each its own coroutine
  local function perm(a, n)
    if n == 0 then yield(a)
    else
      for i = 1, n do
        a[n], a[i] = a[i], a[n]
        perm(a, n - 1)
        a[n], a[i] = a[i], a[n]
      end
    end
  end
  local count, seen = 0, {}
  for a in wrap(function() perm({1, 2, 3, 4, 5}, 5) end) do
    count = count + 1
    seen[table.concat(a)] = true
  end
  eq(count, 120)
  local n = 0
  for _ in pairs(seen) do n = n + 1 end
  eq(n, 120)

  local function gen(n) return wrap(function() for i = 2, n do yield(i) end end) end
  local function filter(p, g)
    return wrap(function()
      for i in g do if i % p ~= 0 then yield(i) end end
    end)
  end
  local x, primes = gen(100), {}
  while true do
    local p = x()
    if p == nil then break end
    primes[#primes + 1] = p
    x = filter(p, x)
  end
  eq(#primes, 25)
  eq(primes[25], 97)
end

do  -- yield across pcall, xpcall, and errors after coming back
  local co = wrap(function()
    local r = {}
    r[1] = pack(pcall(function(a) local b = yield(a); return b, "in" end, 1))
    r[2] = pack(pcall(function() yield(2); error("oops", 0) end))
    r[3] = pack(pcall(function() yield(3); error({}) end))
    r[4] = pack(xpcall(function(a) yield(4); error(a, 0) end,
                       function(m) return "h" .. m end, "arg"))
    r[5] = pack(pcall(pcall, function() yield(5); return yield(6) end))
    -- errors on the way up through several frames
    r[6] = pack(pcall(function()
      local ok, m = pcall(function() yield(7); error("e1", 0) end)
      yield(8)
      error(m .. "e2", 0)
    end))
    yield(9)
    return r
  end)
  for i = 1, 9 do eq(co("v" .. i), i) end
  local r = co()
  eqlist(r[1], true, "v2", "in")
  eqlist(r[2], false, "oops")
  eq(type(r[3][2]), "table")
  eqlist(r[4], false, "harg")
  eqlist(r[5], true, true, "v7")
  eqlist(r[6], false, "e1e2")
end

do  -- pcall in loops, with and without yields in between
  local co = wrap(function()
    local n = 0
    for i = 1, 50 do
      local ok, e = pcall(function()
        if i % 2 == 0 then yield(i) end
        if i % 3 == 0 then error(i, 0) end
        return -i
      end)
      n = n + e
    end
    return "end", n
  end)
  for i = 2, 50, 2 do eq(co(), i) end
  local e, n = co()
  local sum = 0
  for i = 1, 50 do sum = sum + (i % 3 == 0 and i or -i) end
  eq(e, "end"); eq(n, sum)
end

do  -- yield in metamethods
  local mt = {}
  local function op(name)
    mt["__" .. name] = function(a, b)
      if type(a) == "table" then a = a.v end
      if type(b) == "table" then b = b.v end
      return yield(name, a, b)
    end
  end
  for name in ("add sub mul div mod pow idiv band bor bxor shl shr concat eq lt le"):gmatch("%a+") do
    op(name)
  end
  mt.__unm = function(a) return yield("unm", a.v) end
  mt.__bnot = function(a) return yield("bnot", a.v) end
  mt.__len = function(a) return yield("len", a.v) end
  mt.__index = function(t, k) return yield("index", k) end
  mt.__newindex = function(t, k, v) yield("newindex", k, v) end
  mt.__call = function(self, ...) return yield("call", ...) end
  local function new(v) return setmetatable({v = v}, mt) end
  local a, b = new(10), new(20)
  local function run(f, expected, reply)
    local co = wrap(f)
    eq(table.concat(pack(co()), " "), expected)
    return co(unpack(reply))
  end
  eq(run(function() return a + b end, "add 10 20", {1}), 1)
  eq(run(function() return a + 1 end, "add 10 1", {2}), 2)
  eq(run(function() return 1 + a end, "add 1 10", {3}), 3)
  eq(run(function() return a - 5.5 end, "sub 10 5.5", {3}), 3)
  eq(run(function() return a * b end, "mul 10 20", {3}), 3)
  eq(run(function() return a / b end, "div 10 20", {3}), 3)
  eq(run(function() return a % 3 end, "mod 10 3", {3}), 3)
  eq(run(function() return 2 ^ a end, "pow 2 10", {3}), 3)
  eq(run(function() return a // b end, "idiv 10 20", {3}), 3)
  eq(run(function() return a & 7 end, "band 10 7", {3}), 3)
  eq(run(function() return 7 | a end, "bor 7 10", {3}), 3)
  eq(run(function() return a ~ b end, "bxor 10 20", {3}), 3)
  eq(run(function() return a << 2 end, "shl 10 2", {3}), 3)
  eq(run(function() return 2 >> a end, "shr 2 10", {3}), 3)
  eq(run(function() return a .. "s" end, "concat 10 s", {"r"}), "r")
  eq(run(function() return "x" .. "y" .. a end, "concat y 10", {"r"}), "xr")
  eq(run(function() return -a end, "unm 10", {9}), 9)
  eq(run(function() return ~a end, "bnot 10", {9}), 9)
  eq(run(function() return #a end, "len 10", {9}), 9)
  eq(run(function() return a == b end, "eq 10 20", {1}), true)
  eq(run(function() return a ~= b end, "eq 10 20", {1}), false)
  eq(run(function() if a == b then return "t" else return "f" end end, "eq 10 20", {}), "f")
  eq(run(function() return a < b end, "lt 10 20", {true}), true)
  eq(run(function() return a < 3 end, "lt 10 3", {}), false)
  eq(run(function() return 3 < a end, "lt 3 10", {1}), true)
  eq(run(function() return a <= b end, "le 10 20", {false}), false)
  eq(run(function() return a > b end, "lt 20 10", {true}), true)
  eq(run(function() if a >= b then return 1 end return 2 end, "le 20 10", {true}), 1)
  eq(run(function() return a.foo end, "index foo", {5, 6}), 5)
  eq(run(function() return a[1] end, "index 1", {5}), 5)
  eq(run(function() local k = 2.5; return a[k] end, "index 2.5", {5}), 5)
  eq(run(function() return a:foo() end, "index foo",
         {function(self) return self == a end}), true)
  eq(run(function() a.x = 1; return rawget(a, "x") end, "newindex x 1", {}), nil)
  eq(run(function() a[1] = 2; return "done" end, "newindex 1 2", {}), "done")
  eq(run(function() return a(1, 2) end, "call 1 2", {"c"}), "c")
  eq(run(function() local x, y = a(1); return y end, "call 1", {1, "y"}), "y")
  -- globals through a yielding environment
  local env = setmetatable({}, {__index = function(_, k) return yield("get", k) end,
                                __newindex = function(_, k, v) yield("set", k, v) end})
  local f = load("x = y; return z", "=env", "t", env)
  local co = wrap(f)
  eqlist(pack(co()), "get", "y")
  eqlist(pack(co(7)), "set", "x", 7)
  eqlist(pack(co()), "get", "z")
  eqlist(pack(co(8)), 8)
end

do  -- yield in iterators of generic loops, in their body and as the iterator
  local co = wrap(function()
    local r = {}
    for i in function(_, i) yield("it"); i = (i or 0) + 1; if i <= 3 then return i end end do
      yield("body" .. i)
      r[#r + 1] = i
    end
    for v in yield do r[#r + 1] = v end
    for k, v in pairs(setmetatable({}, {__pairs = function(t)
        yield("pairs")
        return function(_, k) yield("next"); if not k then return 1, 2 end end, t
      end})) do
      r[#r + 1] = k .. "=" .. v
    end
    return table.concat(r, ",")
  end)
  for _, e in ipairs{"it", "body1", "it", "body2", "it", "body3", "it"} do eq(co(), e) end
  eqlist(pack(co()), nil, nil)    -- yield(state, control)
  eqlist(pack(co("a")), nil, "a")
  eqlist(pack(co("b")), nil, "b")
  eqlist(pack(co(nil)), "pairs")
  eq(co(), "next")
  eq(co(), "next")
  eq(co(), "1,2,3,a,b,1=2")
end

do  -- where no yield can pass
  local function check(f, ...)
    local co = co_create(f)
    local ok, msg = resume(co, ...)
    eq(ok, false)
    eq(msg:match("attempt to yield.*"), "attempt to yield across a C-call boundary")
  end
  check(function() table.sort({3, 2, 1}, function(a, b) yield() end) end)
  check(function() string.gsub("abc", ".", function() yield() end) end)
  check(function() string.gsub("abc", ".", yield) end)
  check(function() error((select(2, load(function() yield() end))), 0) end)
  check(function() local ok, e = load(yield); error(e, 0) end)
  check(function() tostring(setmetatable({}, {__tostring = yield})) end)
  check(function() table.concat(setmetatable({}, {__index = yield, __len = function() return 2 end})) end)
  check(function() table.unpack(setmetatable({}, {__index = yield}), 1, 2) end)
  local ok, msg = pcall(yield)
  if not coroutine.isyieldable() then
    eq(msg, "attempt to yield from outside a coroutine")
  end
  -- the coroutine goes on after such an error
  local co = wrap(function()
    local ok, e = pcall(table.sort, {2, 1, 3}, function() yield() end)
    yield(ok)
    return pcall(string.gsub, "x", "x", function() return yield() end)
  end)
  eq(co(), false)
  eq(co(), false)
end

do  -- isyieldable, running, status
  local main, ismain = coroutine.running()
  eq(type(main), "thread")
  if ismain then eq(coroutine.isyieldable(), false) end
  eq(coroutine.isyieldable(main), coroutine.isyieldable())
  local co
  co = co_create(function()
    local c, m = coroutine.running()
    eq(c, co); eq(m, false)
    eq(coroutine.isyieldable(), true)
    eq(status(co), "running"); eq(status(main), "normal")
    string.gsub("x", "x", function() eq(coroutine.isyieldable(), false) end)
    local inner = co_create(function()
      eq(status(co), "normal")
      local ok, m = resume(co)
      eq(ok, false); eq(m, "cannot resume non-suspended coroutine")
      local ok, m = pcall(close, co)
      eq(ok, false)
      assert(m:find("cannot close a normal coroutine"))
      yield()
      eq(coroutine.isyieldable(), true)
    end)
    assert(resume(inner))
    eq(status(inner), "suspended")
    eq(coroutine.isyieldable(inner), true)
    assert(resume(inner))
    eq(status(inner), "dead")
    yield()
    eq(coroutine.isyieldable(), true)
    string.gsub("x", "x", function() eq(coroutine.isyieldable(), false) end)
    local ok, m = resume(co)
    eq(m, "cannot resume non-suspended coroutine")
    ok, m = pcall(wrap(function() return co end))
    eq(m, co)
  end)
  eq(status(co), "suspended")
  assert(resume(co))
  eq(status(co), "suspended")
  assert(resume(co))
  eq(status(co), "dead")
  local w
  w = wrap(function() return pcall(w) end)
  local ok, m = w()
  eq(ok, false)
  assert(m:find("cannot resume non%-suspended coroutine"))
end

do  -- errors in a coroutine: through resume and wrap, positions, objects
  local co = co_create(function() yield(); local x = nil; return x.y end)
  assert(resume(co))
  local ok, msg = resume(co)
  eq(ok, false)
  assert(msg:find("attempt to index a nil value %(local 'x'%)"))
  eq(status(co), "dead")
  eq(select(2, resume(co)), "cannot resume dead coroutine")
  local obj = setmetatable({}, {__tostring = function() return "obj" end})
  local w = wrap(function() yield(); error(obj) end)
  w()
  local ok, e = pcall(w)
  eq(e, obj)
  local ok, e = pcall(w)
  assert(e:find("cannot resume dead coroutine"))
  w = wrap(function() error("txt", 0) end)
  ok, e = pcall(w)
  assert(e:find("txt$"))
  -- an error in a coroutine leaves the resumer as it was
  local log = {}
  local outer = wrap(function()
    for i = 1, 3 do
      local c = co_create(function(a) yield(a); error("e" .. a, 0) end)
      log[#log + 1] = tostring(select(2, resume(c, i)))
      yield(i)
      log[#log + 1] = select(2, resume(c))
    end
    return "fin"
  end)
  eq(outer(), 1); eq(outer(), 2); eq(outer(), 3); eq(outer(), "fin")
  eq(table.concat(log, " "), "1 e1 2 e2 3 e3")
end

do  -- close: suspended, never started, dead, with an error
  local co = co_create(function() yield() end)
  eqlist(pack(close(co)), true)
  eq(status(co), "dead")
  eqlist(pack(close(co)), true)
  co = co_create(function() yield() end)
  resume(co)
  eqlist(pack(close(co)), true)
  eq(select(2, resume(co)), "cannot resume dead coroutine")
  co = co_create(function() error("x", 0) end)
  resume(co)
  eqlist(pack(close(co)), false, "x")
  eqlist(pack(close(co)), true)
end

do  -- many coroutines alive at once, resumed in turns
  local all, sum = {}, 0
  for i = 1, 200 do
    all[i] = wrap(function() local s = 0; for j = 1, 20 do s = s + yield(i * j) end; return s end)
    all[i]()
  end
  for j = 1, 19 do
    for i = 1, 200 do eq(all[i](i), i * (j + 1)) end
    if j % 5 == 0 then collectgarbage() end
  end
  for i = 1, 200 do sum = sum + all[i](i) end
  eq(sum, 20 * 200 * 201 // 2)
end

do  -- garbage: suspended coroutines die, their values live while they do
  local weak = setmetatable({}, {__mode = "v"})
  local co = wrap(function(o) weak[1] = o; yield(); return o.x end)
  co({x = "kept"})
  collectgarbage()
  eq(weak[1].x, "kept")
  eq(co(), "kept")
  co = nil
  collectgarbage()
  eq(weak[1], nil)
  for i = 1, 200 do
    local c = co_create(function(...) local t = {...}; yield(t) end)
    resume(c, i, {}, "s" .. i)
  end
  collectgarbage()
end

do  -- upvalues shared between a suspended coroutine and the outside
  local function counter()
    local n = 0
    local co = wrap(function() while true do n = n + 1; yield(n) end end)
    return co, function(v) n = v end, function() return n end
  end
  local co, set, get = counter()
  eq(co(), 1); set(10); eq(co(), 11); eq(get(), 11)
  local fs = {}
  local c = wrap(function()
    for i = 1, 3 do local j = i * 10; fs[i] = function() j = j + 1; return j end; yield(); eq(j, i * 10 + 2) end
  end)
  for i = 1, 3 do c(); fs[i](); fs[i]() end
  c()
  eq(fs[1](), 13); eq(fs[3](), 33)
end

do  -- nesting of resumes is bounded, with an error
  local function nest(n) local co = wrap(nest); return co(n + 1) end
  local ok, msg = pcall(nest, 1)
  eq(ok, false)
  assert(tostring(msg):find("C stack overflow"))
  local depth = 0
  local function rec() depth = depth + 1; local ok = pcall(wrap(rec)); return ok end
  rec()
  assert(depth > 50)
end

do  -- nested coroutines, each yielding through its own level only
  local function level(n)
    return wrap(function(...)
      local got = pack(...)
      if n > 0 then
        local inner = level(n - 1)
        got = pack(inner(unpack(got)))
        got[#got + 1] = n
        yield(unpack(got))
        got = pack(inner("again"))
        yield(n, unpack(got))
        return "end" .. n
      end
      yield("leaf", unpack(got))
      yield("leaf2")
      return "end0"
    end)
  end
  local c = level(5)
  eqlist(pack(c("a")), "leaf", "a", 1, 2, 3, 4, 5)
  eqlist(pack(c()), 5, 4, 3, 2, 1, "leaf2")
  eqlist(pack(c()), "end5")
end

do  -- a stack overflow inside a coroutine, caught inside and outside
  local function inf() return 1 + inf() end
  local co = co_create(function()
    local ok, m = pcall(inf)
    eq(ok, false)
    yield(m)
    inf()
  end)
  local ok, m = resume(co)
  assert(ok and m:find("stack overflow"))
  ok, m = resume(co)
  assert(not ok and m:find("stack overflow"))
  eq(status(co), "dead")
end

do  -- resume with values for a coroutine that takes none, and too many
  local co = co_create(function() return yield() end)
  assert(resume(co, 1, 2, 3))
  eqlist(pack(resume(co, 4, 5)), true, 4, 5)
  co = co_create(function() return unpack({}, 1, 100) end)
  eq(pack(resume(co)).n, 101)
  co = co_create(function(...) return select("#", ...) end)
  local t = {}
  eq(select(2, resume(co, unpack(t, 1, 5000))), 5000)
end

return "ok", 1  -- the whole file as one check: it asserts without counting
