-- Closures and upvalues while the interpreter's loop is left and re-entered.

local function eq(a, b)
  if a ~= b then error(("expected %s, found %s"):format(tostring(b), tostring(a)), 2) end
end

do  -- a fresh variable each time round, for every kind of loop
  local fs = {}
  for i = 1, 5 do fs[i] = {function() return i end} end
  for i = 1, 5 do eq(fs[i][1](), i) end
  fs = {}
  for i = 1, 5 do local j = i; fs[i] = {get = function() return j end, set = function(v) j = v end} end
  fs[2].set(20)
  eq(fs[1].get(), 1); eq(fs[2].get(), 20); eq(fs[3].get(), 3)
  fs = {}
  local i = 1
  while i <= 5 do local j = i; fs[i] = function() j = j + 1; return j end; i = i + 1 end
  eq(fs[1](), 2); eq(fs[1](), 3); eq(fs[5](), 6)
  fs, i = {}, 1
  repeat local j = i; fs[i] = function() return j end; i = i + 1 until j >= 5
  for k = 1, 5 do eq(fs[k](), k) end
  fs, i = {}, 1
  do
    ::top::
    local j = i
    fs[i] = function() j = j * 2; return j end
    i = i + 1
    if i <= 5 then goto top end
  end
  for k = 1, 5 do eq(fs[k](), 2 * k) end
  fs = {}
  for k, v in pairs({a = 1, b = 2, c = 3}) do fs[k] = function() return k .. v end end
  eq(fs.a(), "a1"); eq(fs.c(), "c3")
end

do  -- sharing between closures, levels and calls
  local function make()
    local n = 0
    local function inc() n = n + 1; return n end
    local function deep() return function() return function() n = n * 10; return inc() end end end
    return inc, deep()(), function() return n end
  end
  local inc, deep, get = make()
  eq(inc(), 1); eq(deep(), 11); eq(get(), 11)
  local inc2 = make()
  eq(inc2(), 1); eq(get(), 11)
end

do  -- recursion of a local function through its upvalue
  local function fact(n) if n <= 1 then return 1 end return n * fact(n - 1) end
  eq(fact(20), 2432902008176640000)
  local even, odd
  function even(n) if n == 0 then return true end return odd(n - 1) end
  function odd(n) if n == 0 then return false end return even(n - 1) end
  eq(even(10001), false)  -- tail calls: no growth
  eq(odd(100001), true)
  local function loop(n, acc) if n == 0 then return acc end return loop(n - 1, acc + n) end
  eq(loop(200000, 0), 20000100000)
  local function va(n, ...) if n == 0 then return select("#", ...), ... end return va(n - 1, n, ...) end
  eq((va(50)), 50)
end

do  -- varargs of every number through calls and tail calls
  local function id(...) return ... end
  local function tail(...) return id(...) end
  local function count(...) return select("#", ...) end
  for n = 0, 40 do
    local t = {}
    for i = 1, n do t[i] = i end
    eq(count(tail(table.unpack(t, 1, n))), n)
    local u = {tail(table.unpack(t, 1, n))}
    eq(#u, n)
    local s = 0
    for _, v in ipairs{id(table.unpack(t))} do s = s + v end
    eq(s, n * (n + 1) // 2)
  end
  local function f(a, b, ...) local c, d = ...; return a, b, c, d, select("#", ...) end
  eq(select(5, f()), 0)
  local a, b, c, d, n = f(1, 2, 3)
  assert(a == 1 and b == 2 and c == 3 and d == nil and n == 1)
end

do  -- __call objects, also as tail calls and with many arguments
  local obj = setmetatable({}, {__call = function(self, ...) return self, ... end})
  local function t(...) return obj(...) end
  local o, x, y = t(1, 2)
  assert(o == obj and x == 1 and y == 2)
  local two = setmetatable({}, {__call = obj})
  o, x, y = two(5)
  assert(o == obj and x == two and y == 5)
end

do  -- loops of many kinds and sizes give what they should
  local s = 0
  for i = 1, 100000 do s = s + i end
  eq(s, 5000050000)
  s = 0
  for i = 100, 1, -7 do s = s + i end
  eq(s, 765)
  local n = 0
  for x = 0, 1, 0.0009765625 do n = n + 1 end
  eq(n, 1025)
  n = 0
  for i = math.maxinteger - 3, math.maxinteger do n = n + 1 end
  eq(n, 4)
  n = 0
  for i = math.mininteger, math.mininteger + 3 do n = n + 1 end
  eq(n, 4)
  for i = 3, 1 do error("never") end
  for i = 1, 0, 1 do error("never") end
  n = 0
  for i = 1, 100 do for j = 1, 100 do if j > i then break end n = n + 1 end end
  eq(n, 5050)
  local i, acc = 0, 0
  while true do
    i = i + 1
    if i > 1000 then break end
    if i % 2 == 0 then goto continue end
    acc = acc + i
    ::continue::
  end
  eq(acc, 250000)
  n = 0
  repeat local k = n; n = n + 1 until k == 999
  eq(n, 1000)
  while n > 0 and n < 2000 do n = n - 1 end
  eq(n, 0)
  -- conditions that jump backward without a loop keyword
  local c = 0
  ::back::
  c = c + 1
  if c < 1000 then goto back end
  eq(c, 1000)
end

do  -- the function called from inside C, and its locals after
  local function sum(t) local s = 0; table.sort(t, function(a, b) s = s + 1; return a < b end); return s > 0 end
  assert(sum{3, 1, 2})
  local acc = {}
  local r = string.gsub("abc", ".", function(c) local k = c; acc[#acc + 1] = function() return k end; return c:upper() end)
  eq(r, "ABC"); eq(acc[1]() .. acc[3](), "ac")
  local t = setmetatable({}, {__index = function(t, k) local v = k * 2; rawset(t, k, v); return v end})
  local s = 0
  for i = 1, 1000 do s = s + t[i] end
  eq(s, 1001000)
end

do  -- garbage collected at any step leaves live locals alone
  local keep = {}
  for i = 1, 300 do
    local a, b = {i}, {i * 2}
    local f = function() return a[1] + b[1] end
    keep[i] = f
    if i % 50 == 0 then collectgarbage() end
    local tmp = {}
    for j = 1, 20 do tmp[j] = {j} end
  end
  for i = 1, 300 do eq(keep[i](), 3 * i) end
end

return "ok", 1  -- the whole file as one check: it asserts without counting
