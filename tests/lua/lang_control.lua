-- goto and labels, break, loops, closures and their variables, varargs, recursion, tail calls, methods.

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

local function run (source, ...)
  return assert(load(source, "=c"))(...)
end

-- goto
equal(run("goto done do error('skipped') end ::done:: return 1"), 1)
equal(run("local i = 1 ::top:: if i <= 5 then i = i + 1 goto top end return i"), 6)
equal(run("for i = 1, 3 do for j = 1, 3 do if j == 2 then goto next end if i == 3 then goto out end end ::next:: end ::out:: return 'x'"), "x")
equal(run("do goto l1 ::l1:: goto l2 end ::l2:: return 2"), 2)
equal(run("local s = '' for i = 1, 5 do if i % 2 == 0 then goto continue end s = s .. i ::continue:: end return s"), "135")
equal(run("local i = 0 repeat i = i + 1 if i < 3 then goto c end ::c:: until i == 5 return i"), 5)
equal(run("do local a = 1 goto f end do ::f:: end ::f:: return 4"), 4)
equal(run("::a:: do ::b:: end ::c:: return 5"), 5); equal(run("while true do while true do goto out end end ::out:: return 6"), 6)
do   -- going back makes new variables for closures
  local fs = {}
  do
    local i = 1
    ::again::
    local x = i * 10
    fs[i] = function (d) x = x + (d or 0); return x end
    i = i + 1
    if i <= 3 then goto again end
  end
  fs[1](5)
  equal(show(fs[1](), fs[2](), fs[3]()), "15 20 30")
end
-- loops
do
  local n = 0
  while n < 10 do n = n + 1 if n == 5 then break end end; equal(n, 5)
  repeat local k = n; n = n + 1 until k == 7; equal(n, 8)
  for i = 10, 1 do error("never") end
  for i = 1, 3 do local j = i; j = 10 end
  local t = {}
  for k, v in pairs {10, 20} do t[#t + 1] = k .. v end; equal(table.concat(t, " "), "110 220")
  for a, b, c, d in function (_, x) if x < 2 then return x + 1, "b" end end, nil, 0 do equal(show(b, c, d), "b nil nil"); n = n + 1 end; equal(n, 10)
  local function iter (s, i) i = i + 1; if i <= #s then return i, s:sub(i, i) end end
  local s = ""
  for i, ch in iter, "abc", 0 do s = i .. ch .. s end; equal(s, "3c2b1a")
  for _ in function () return nil end do error("never") end
  n = 0
  for v in function () n = n + 1; if n < 5 then return false end end do n = n + 10 end        -- false ends nothing
  check(n >= 11)
end
-- closures
do
  local fs = {}
  for i = 1, 5 do local j = i; fs[i] = {get = function () return j end, set = function (v) j = v end} end
  fs[2].set(20); equal(show(fs[1].get(), fs[2].get(), fs[3].get()), "1 20 3")
  local function counter () local n = 0; return function () n = n + 1; return n end, function () n = 0 end end
  local c1, r1 = counter()
  local c2 = counter()
  c1(); c1(); c2(); equal(show(c1(), c2()), "3 2"); r1(); equal(show(c1(), c2()), "1 3")
  local function Y (f) return (function (x) return x(x) end)(function (x) return f(function (...) return x(x)(...) end) end) end
  equal(Y(function (self) return function (n) return n == 0 and 1 or n * self(n - 1) end end)(10), 3628800)
  local function deep (n) if n == 0 then return function () return 0 end end local inner = deep(n - 1); return function () return inner() + 1 end end
  equal(deep(100)(), 100)
  local a = {}
  for i = 1, 3 do
    local x = 0
    a[i] = {function () x = x + 1; return x end, function () return x end}
    a[i][1]()
    if i == 2 then goto skip end
    a[i][1]()
    ::skip::
  end
  equal(show(a[1][2](), a[2][2](), a[3][2]()), "2 1 2")
  local w = {}
  local i = 0
  while i < 3 do i = i + 1; local k = i; w[i] = function () k = k + 1; return k end end
  w[1](); equal(show(w[1](), w[2](), w[3]()), "3 3 4")
  local r = {}
  repeat local k = #r + 1; r[k] = function () return k end until k == 3; equal(show(r[1](), r[2](), r[3]()), "1 2 3")
  local function args (x) return function () x = x + 1; return x end end
  local g, h = args(1), args(1); g(); equal(show(g(), h()), "3 2")
  check((function () return 1 end) ~= (function () return 1 end))
end
-- varargs
do
  local function n (...) return select("#", ...) end
  local function pass (...) return ... end
  local function first (...) return (...) end
  local function mid (a, ...) local b, c = ...; return a, b, c end
  equal(n(), 0); equal(n(nil), 1); equal(n(pass(1, nil, nil)), 3); equal(n(pass()), 0); equal(n((pass())), 1); equal(n(pass(), pass()), 1)
  equal(show(first(7, 8)), "7"); equal(show(first()), "nil"); equal(show(mid(1)), "1 nil nil"); equal(show(mid(1, 2, 3, 4)), "1 2 3")
  local function tab (...) local t = {...}; return #t end
  equal(tab(1, 2, 3), 3); local function tab2 (...) return #{n = 1, ..., 5} end; equal(tab2(1, 2, 3), 2); equal(n(table.unpack({}, 1, 5000)), 5000)
  local function clos (...) local t = table.pack(...); return function () return table.unpack(t, 1, t.n) end end
  equal(show(clos(1, nil, 2)()), "1 nil 2"); equal((function (...) return select("#", ...) end)(nil, nil), 2)
  local function sum (...) local s = 0; for i = 1, select("#", ...) do s = s + (select(i, ...)) end return s end
  equal(sum(1, 2, 3, 4), 10); equal(sum(table.unpack((function () local t = {} for i = 1, 200 do t[i] = i end return t end)())), 20100)
  local function rec (k, ...) if k == 0 then return ... end return rec(k - 1, k, ...) end
  equal(show(rec(5)), "1 2 3 4 5"); equal(n(rec(150)), 150)
  local function opt (a, b, c) return a, b, c end
  equal(show(opt(1)), "1 nil nil"); equal(show(opt(1, 2, 3, 4)), "1 2 3"); equal(run("return ...", 1), 1); equal(run("local a, b = ... return b", 1, 2), 2)
end
-- recursion and tail calls
do
  local function fib (n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end; equal(fib(20), 6765)
  local even, odd
  function even (n) if n == 0 then return true end return odd(n - 1) end
  function odd (n) if n == 0 then return false end return even(n - 1) end
  equal(even(100001), false)
  local function loop (n, acc) if n == 0 then return acc end return loop(n - 1, acc + n) end; equal(loop(200000, 0), 20000100000)
  local function ack (m, n) if m == 0 then return n + 1 elseif n == 0 then return ack(m - 1, 1) else return ack(m - 1, ack(m, n - 1)) end end; equal(ack(2, 9), 21)
  local obj = {n = 0}
  function obj:step (k) if k == 0 then return self.n end self.n = self.n + 1; return self:step(k - 1) end; equal(obj:step(50000), 50000)
  local function vt (n, ...) if n == 0 then return select("#", ...) end return vt(n - 1, n, ...) end; equal(vt(100), 100)
end
-- methods and dotted names
do
  local a = {b = {c = {}}}
  function a.b.c.f (x) return x end
  function a.b.c:g (x) return self == a.b.c, x end
  equal(a.b.c.f(1), 1); equal(show(a.b.c:g(2)), "true 2"); equal(show(a.b.c.g(a, 3)), "false 3"); equal(("%s"):rep(2, "-"):format(1, 2), "1-2")
  local s = "x"
  equal(s:upper():lower():rep(2), "xx"); equal(#s:rep(10), 10); equal(({f = function (self, t) return t[1] end}):f {9}, 9)
end
-- scope
do
  local x = 1
  do local x = x + 1; equal(x, 2); do local x = x + 1; equal(x, 3) end equal(x, 2) end
  equal(x, 1)
  local x = x + 10; equal(x, 11)
  local function f () return x end
  local x = 0; equal(f(), 11)
  local g = function () return g end; equal(g(), nil); local function h () return h end; equal(h(), h)
  for x = 1, 1 do local x = 5; equal(x, 5) end
  equal(run("x_global = 1 local x_global = 2 return x_global + _ENV.x_global"), 3); x_global = nil
end
-- many locals, registers, upvalues in one function
do
  local src = {}
  for i = 1, 199 do src[i] = "local v" .. i .. " = " .. i end
  src[#src + 1] = "return v1 + v100 + v199"; equal(run(table.concat(src, "\n")), 300)
  src = {"local t = {}"}
  for i = 1, 150 do src[#src + 1] = ("local u%d = %d; t[%d] = function () u%d = u%d + 1; return u%d end"):format(i, i, i, i, i, i) end
  src[#src + 1] = "local s = 0 for i = 1, 150 do s = s + t[i]() end return s"; equal(run(table.concat(src, "\n")), 150 * 151 // 2 + 150)
  src = {}
  for i = 1, 254 do src[i] = "a" .. i end
  equal(run("local function f (...) return select('#', ...) end return f(" .. ("1,"):rep(200) .. "1)"), 201)
  equal(#run("return {" .. ("{1,2,3},"):rep(1000) .. "}"), 1000); equal(run("return " .. ("f and "):rep(500) .. "f"), nil)
  local big = {}
  for i = 1, 2000 do big[i] = ("if x == %d then return '%d' end"):format(i, i) end
  local f = run("return function (x) " .. table.concat(big, "\n") .. " end"); equal(f(1), "1"); equal(f(2000), "2000"); equal(f(0), nil)
  -- jumps over long bodies
  equal(run("local n = 0 for i = 1, 3 do " .. ("n = n + 1 "):rep(20000) .. " end return n"), 60000)
  equal(run("local n = 0 while n < 20000 do " .. ("n = n + 1 "):rep(20000) .. " end return n"), 20000)
end

return "ok", checks
