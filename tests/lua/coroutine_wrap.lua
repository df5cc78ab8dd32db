-- coroutine.wrap: generators, errors that pass through with positions, dead generators.

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

local wrap, yield = coroutine.wrap, coroutine.yield

local function collect (it, limit)
  local r = {}
  for v in it do r[#r + 1] = tostring(v); if #r == limit then break end end
  return table.concat(r, " ")
end

-- generators
equal(collect(wrap(function () for i = 1, 5 do yield(i) end end)), "1 2 3 4 5")
equal(collect(wrap(function () end)), "")
do
  local function permute (a, n)
    n = n or #a
    if n <= 1 then yield(table.concat(a))
    else
      for i = 1, n do
        a[n], a[i] = a[i], a[n]
        permute(a, n - 1)
        a[n], a[i] = a[i], a[n]
      end
    end
  end
  equal(collect(wrap(function () permute {"a", "b", "c"} end)), "bca cba cab acb bac abc")
end
do   -- a chain of filters: the sieve
  local function numbers () return wrap(function () local i = 2; while true do yield(i); i = i + 1 end end) end
  local function filter (p, src)
    return wrap(function () for v in src do if v % p ~= 0 then yield(v) end end end)
  end
  local src, primes = numbers(), {}
  for i = 1, 25 do
    local p = src()
    primes[i] = p
    src = filter(p, src)
  end
  equal(table.concat(primes, " "), "2 3 5 7 11 13 17 19 23 29 31 37 41 43 47 53 59 61 67 71 73 79 83 89 97")
end
do   -- recursive tree walk with a generator per level
  local function tree (n) return n > 0 and {tree(n - 1), n, tree(n - 1)} or nil end
  local function walk (t)
    return wrap(function ()
      if t[1] then for v in walk(t[1]) do yield(v) end end
      yield(t[2])
      if t[3] then for v in walk(t[3]) do yield(v) end end
    end)
  end
  local t = {nil, 1, nil}
  local function build (n) if n == 0 then return nil end local l, r = build(n - 1), build(n - 1); return {l, n, r} end
  local n = 0
  for v in walk(build(7)) do n = n + v end
  equal(n, 247)
end

-- values both ways
do
  local f = wrap(function (...)
    local a = {n = select("#", ...), ...}
    while true do a = table.pack(yield(table.unpack(a, 1, a.n))) end
  end)
  equal(show(f(1, 2)), "1 2")
  equal(show(f()), "")
  equal(show(f(nil, nil, nil)), "nil nil nil")
end

-- dead
do
  local f = wrap(function () return "only" end)
  equal(f(), "only")
  raises("cannot resume dead coroutine", f)
  local ok, err = pcall(f)
  equal(err, "cannot resume dead coroutine")
  -- called from a Lua function, the message gets that position
  local g = load("local f = ...; return f()", "=chunk")
  ok, err = pcall(g, f)
  equal(err, "chunk:1: cannot resume dead coroutine")
  g = load("local f = ...; local x = f(); return x", "=chunk")
  ok, err = pcall(g, f)
  equal(err, "chunk:1: cannot resume dead coroutine")
end
do   -- running and normal ones cannot be entered again
  local f
  f = wrap(function () return pcall(f) end)
  equal(show(f()), "false cannot resume non-suspended coroutine")
end

-- errors
do
  local t = setmetatable({}, {__tostring = function () return "an object" end})
  local f = wrap(function () error(t) end)
  local ok, err = pcall(f)
  equal(err, t)
  raises("cannot resume dead coroutine", f)
  f = wrap(function () error("text", 0) end)
  equal(select(2, pcall(f)), "text")
  -- a string gets the caller's position put in front
  local body = load("error('inside', 0)", "=body")
  local caller = load("local f = ...\n\nlocal r = f()\nreturn r", "=caller")
  ok, err = pcall(caller, wrap(body))
  equal(err, "caller:3: inside")
  body = load("\nerror('inside')", "=body")
  ok, err = pcall(caller, wrap(body))
  equal(err, "caller:3: body:2: inside")
  body = load("local x = nil + 1", "=body")
  ok, err = pcall(caller, wrap(body))
  equal(err, "caller:3: body:1: attempt to perform arithmetic on a nil value")
  -- non-strings do not
  ok, err = pcall(caller, wrap(function () error(42) end))
  equal(err, 42)
  ok, err = pcall(caller, wrap(function () error(nil) end))
  if _VERSION == "Lua 5.5" then equal(err, "caller:3: <no error object>")   -- there it is a string
  else equal(err, nil) end
end
do   -- through several levels
  local function nest (n)
    if n == 0 then error("deep", 0) end
    return wrap(nest)(n - 1)
  end
  local ok, err = pcall(nest, 10)
  check(err:find("deep$"))
  local co = coroutine.create(nest)
  ok, err = coroutine.resume(co, 10)
  equal(ok, false); check(err:find("deep$"))
end
do   -- an error closes the variables of the generator
  local log = {}
  local f = wrap(function ()
    local a <close> = setmetatable({}, {__close = function (_, e) log[#log + 1] = "closed " .. tostring(e) end})
    error("bang", 0)
  end)
  equal(select(2, pcall(f)), "bang")
  equal(log[1], "closed bang")
  equal(#log, 1)
end
do   -- an error in that closing replaces the first
  local f = wrap(function ()
    local a <close> = setmetatable({}, {__close = function (_, e) error("second after " .. e, 0) end})
    error("first", 0)
  end)
  equal(select(2, pcall(f)), "second after first")
end

-- a wrapped generator as iterator of a for with a closing value
do
  local closed = 0
  local function gen (n)
    return wrap(function () for i = 1, n do yield(i) end end), nil, nil,
      setmetatable({}, {__close = function () closed = closed + 1 end})
  end
  local sum = 0
  for i in gen(10) do sum = sum + i; if i == 5 then break end end
  equal(sum, 15); equal(closed, 1)
  for i in gen(3) do sum = sum + i end
  equal(sum, 21); equal(closed, 2)
end
raises("bad argument #1 to 'coroutine.wrap' (function expected, got nil)", wrap, nil)
raises("bad argument #1 to 'coroutine.wrap' (function expected, got no value)", wrap)

return "ok", checks
