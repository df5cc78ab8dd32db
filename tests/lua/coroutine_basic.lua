-- coroutine.create, resume, yield, status, running, isyieldable: values in and out, states, errors.

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

local create, resume, yield, status = coroutine.create, coroutine.resume, coroutine.yield, coroutine.status

-- values pass both ways
do
  local co = create(function (a, b)
    equal(show(a, b), "1 2")
    equal(show(yield(a + b)), "x y")
    equal(select("#", yield()), 0)
    equal(show(yield(nil, nil)), "nil")
    return "end", nil
  end)
  equal(status(co), "suspended")
  equal(show(resume(co, 1, 2)), "true 3")
  equal(status(co), "suspended")
  equal(show(resume(co, "x", "y")), "true")
  equal(show(resume(co)), "true nil nil")
  equal(show(resume(co, nil)), "true end nil")
  equal(status(co), "dead")
  equal(show(resume(co)), "false cannot resume dead coroutine")
  equal(show(resume(co, 1)), "false cannot resume dead coroutine")
end

-- many values
do
  local co = create(function (...)
    local n = select("#", ...)
    local m = select("#", yield(...))
    return n, m
  end)
  local t = {}
  for i = 1, 200 do t[i] = i end
  equal(select("#", resume(co, table.unpack(t))), 201)
  equal(show(resume(co, table.unpack(t, 1, 150))), "true 200 150")
end

-- status in all four states
do
  local outer, inner
  outer = create(function ()
    equal(status(outer), "running")
    inner = create(function ()
      equal(status(outer), "normal")
      equal(status(inner), "running")
      equal(show(resume(outer)), "false cannot resume non-suspended coroutine")
      equal(show(resume(inner)), "false cannot resume non-suspended coroutine")
      yield()
    end)
    equal(status(inner), "suspended")
    resume(inner)
    equal(status(inner), "suspended")
    resume(inner)
    equal(status(inner), "dead")
  end)
  equal(show(resume(outer)), "true")
  equal(status(outer), "dead")
end

-- running and isyieldable
do
  local main, ismain = coroutine.running()
  equal(type(main), "thread")
  equal(ismain, true)
  equal(status(main), "running")
  equal(coroutine.isyieldable(), false)
  equal(coroutine.isyieldable(main), false)
  equal(show(resume(main)), "false cannot resume non-suspended coroutine")
  local co
  co = create(function ()
    local me, m = coroutine.running()
    equal(me, co)
    equal(m, false)
    equal(coroutine.isyieldable(), true)
    equal(coroutine.isyieldable(main), false)
    equal(status(main), "normal")
    table.sort({2, 1}, function (a, b) equal(coroutine.isyieldable(), false); return a < b end)
    equal(coroutine.isyieldable(), true)
    equal(coroutine.isyieldable(co), true)
    yield()
  end)
  equal(coroutine.isyieldable(co), true)
  assert(resume(co))
  equal(coroutine.isyieldable(co), true)
  assert(resume(co))
end
raises("attempt to yield from outside a coroutine", yield)
raises("attempt to yield from outside a coroutine", yield, 1, 2)

-- error ends a coroutine and gives any value
do
  local t = {}
  local co = create(function () error(t) end)
  local ok, err = resume(co)
  equal(ok, false); equal(err, t); equal(status(co), "dead")
  co = create(function () error() end)
  equal(show(resume(co)), _VERSION == "Lua 5.5" and "false <no error object>" or "false nil")
  co = create(function () local x = nil; x() end)
  ok, err = resume(co)
  equal(ok, false)
  check(err:find("attempt to call a nil value (local 'x')", 1, true))
  co = create(function () yield(1); error("second") end)
  equal(show(resume(co)), "true 1")
  ok, err = resume(co)
  check(err:find("second$"))
  equal(show(resume(co)), "false cannot resume dead coroutine")
end

-- bodies that are not Lua functions
equal(show(resume(create(math.max), 3, 9, 4)), "true 9")
equal(show(resume(create(yield), 7)), "true 7")
do
  local co = create(yield)
  equal(show(resume(co, "out")), "true out")
  equal(show(resume(co, "back")), "true back")
  equal(status(co), "dead")
  co = create(pcall)
  equal(show(resume(co, yield, 1)), "true 1")
  equal(show(resume(co, 2)), "true true 2")
  co = create(error)
  equal(show(resume(co, "msg")), "false msg")
  co = create(coroutine.running)
  local ok, me = resume(co)
  equal(me, co)
end

-- arguments are checked
raises("bad argument #1 to 'coroutine.create' (function expected, got number)", create, 1)
raises("bad argument #1 to 'coroutine.create' (function expected, got no value)", create)
raises("bad argument #1 to 'coroutine.create' (function expected, got table)", create, setmetatable({}, {__call = print}))
raises("bad argument #1 to 'coroutine.resume' (thread expected, got function)", resume, print)
raises("bad argument #1 to 'coroutine.resume' (thread expected, got no value)", resume)
raises("bad argument #1 to 'coroutine.status' (thread expected, got table)", status, {})
raises("bad argument #1 to 'coroutine.isyieldable' (thread expected, got number)", coroutine.isyieldable, 1)

-- independent state: upvalues shared, locals not
do
  local shared = 0
  local function body (id)
    local mine = 0
    while true do
      mine = mine + 1
      shared = shared + 1
      yield(id .. ":" .. mine .. "/" .. shared)
    end
  end
  local a, b = create(body), create(body)
  equal(select(2, resume(a, "a")), "a:1/1")
  equal(select(2, resume(b, "b")), "b:1/2")
  equal(select(2, resume(a)), "a:2/3")
  equal(select(2, resume(b)), "b:2/4")
end

-- yields from nested calls, tail calls, varargs and loops keep every local
do
  local function leaf (x, ...) return x + yield(x), ... end
  local function tail (...) return leaf(...) end
  local co = create(function ()
    local acc = {}
    for i = 1, 5 do
      local t = {tail(i, "v", i * 2)}
      acc[#acc + 1] = table.concat(t, ",")
    end
    return table.concat(acc, ";")
  end)
  local ok, v = resume(co)
  for i = 1, 4 do equal(v, i); ok, v = resume(co, i * 100) end
  equal(v, 5)
  ok, v = resume(co, 500)
  equal(v, "101,v,2;202,v,4;303,v,6;404,v,8;505,v,10")
end

-- a million switches would take long here; some thousands, deep in a recursion
do
  local function walk (n) if n > 0 then yield(n); walk(n - 1); yield(-n) end end
  local co = create(walk)
  local sum, count = 0, 0
  local ok, v = resume(co, 150)
  while v do sum = sum + v; count = count + 1; ok, v = resume(co) end
  equal(count, 300); equal(sum, 0)
end

-- many coroutines alive at once, finished in another order
do
  local cos = {}
  for i = 1, 1000 do cos[i] = create(function (x) local y = yield(x * 2); return x + y end) end
  for i = 1, 1000 do equal(select(2, resume(cos[i], i)), 2 * i) end
  for i = 1000, 1, -1 do equal(select(2, resume(cos[i], 1)), i + 1) end
  for i = 1, 1000 do equal(status(cos[i]), "dead") end
end

-- coroutines collected while suspended
do
  local weak = setmetatable({}, {__mode = "k"})
  for i = 1, 100 do
    local co = create(function () local t = {}; yield(t); return t end)
    resume(co)
    weak[co] = true
  end
  collectgarbage(); collectgarbage()
  equal(next(weak), nil)
end

return "ok", checks
