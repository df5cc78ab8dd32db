-- Suspended inside of metamethods: each instruction that can wait for one goes on where it was.
local y = coroutine.yield
local mt = {}
for _, e in ipairs{"add", "sub", "mul", "div", "mod", "pow", "unm", "idiv", "band", "bor", "bxor", "shl", "shr", "bnot", "concat", "len", "eq", "lt", "le", "call"} do
  mt["__" .. e] = function(a, b) return y(e) end
end
mt.__index = function(t, k) return y("index " .. tostring(k)) end
mt.__newindex = function(t, k, v) y("newindex " .. tostring(k)); rawset(t, k, v) end
Memory.mt = mt
local function body(o, p)
  local r = {}
  r[#r + 1] = o + 1; r[#r + 1] = o - 1; r[#r + 1] = 2 * o; r[#r + 1] = o / p; r[#r + 1] = o % 2; r[#r + 1] = o ^ p
  r[#r + 1] = -o; r[#r + 1] = o // 3; r[#r + 1] = o & 1; r[#r + 1] = o | p; r[#r + 1] = 4 ~ o; r[#r + 1] = o << 1
  r[#r + 1] = o >> p; r[#r + 1] = ~o
  r[#r + 1] = "a" .. "b" .. o .. "c"; r[#r + 1] = o .. p .. "z" .. 1
  r[#r + 1] = #o; r[#r + 1] = o.field; r[#r + 1] = o[1]; r[#r + 1] = o[true]; r[#r + 1] = o(1)
  r[#r + 1] = o == p; r[#r + 1] = o ~= p; r[#r + 1] = o < p; r[#r + 1] = o <= p; r[#r + 1] = o < 1; r[#r + 1] = 1 >= o
  if not (o > p) then r[#r + 1] = "not gt" end
  while o >= p do r[#r + 1] = "ge" break end
  r[#r + 1] = o:method(1)
  local a, b = 1, o.x + o.y
  r[#r + 1] = b
  o.set = 5; o[3] = 6; o[a] = 7
  r[#r + 1] = o.set + o[3] + o[a]
  return r
end
local function new() return setmetatable({}, Memory.mt) end
-- what it gives without a restart
local function answer(n) return (n % 3 == 0) and n or (n % 3 == 1) and (n + 0.5) or "2" end
local function methods(e, n) return e == "index method" and function(_, k) return k end or answer(n) end
local function run(co, o, p, all)
  local n, ok, e = 0, coroutine.resume(co, o, p)
  while coroutine.status(co) ~= "dead" do
    assert(ok, e)
    n = n + 1
    all[n] = e
    ok, e = coroutine.resume(co, methods(e, n))
  end
  assert(ok, e)
  return e, n
end
local all = {}
local r, n = run(coroutine.create(body), new(), new(), all)
Memory.want, Memory.all, Memory.n = r, all, n
assert(n > 35, n)
Memory.k = 1
Memory.o, Memory.p = new(), new()
Memory.co = coroutine.create(body)
assert(select(2, coroutine.resume(Memory.co, Memory.o, Memory.p)) == all[1])
Memory.answer = methods
--- restart
--- repeat: 1
for _ = 1, 7 do
  if Memory.k < Memory.n then
    local ok, e = coroutine.resume(Memory.co, Memory.answer(Memory.all[Memory.k], Memory.k))
    Memory.k = Memory.k + 1
    assert(ok and e == Memory.all[Memory.k], e)
  end
  break
end
--- restart
-- every one of them after a restart of its own
local snapshots = {}
while Memory.k < Memory.n do
  local ok, e = coroutine.resume(Memory.co, Memory.answer(Memory.all[Memory.k], Memory.k))
  Memory.k = Memory.k + 1
  assert(ok and e == Memory.all[Memory.k], e)
end
local ok, r = coroutine.resume(Memory.co, Memory.answer(Memory.all[Memory.k], Memory.k))
assert(ok and #r == #Memory.want)
for i = 1, #r do assert(r[i] == Memory.want[i], i) end
--- restart
-- iterators, __pairs, and what is called through __call
Memory.iter = coroutine.wrap(function()
  local sum = 0
  local t = setmetatable({}, {__pairs = function(t) coroutine.yield("pairs") return next, {5, 6}, nil end})
  for k, v in pairs(t) do sum = sum + k * v; coroutine.yield(sum) end
  for v in function(_, c) return coroutine.yield("iter") end do sum = sum + v end
  local f = setmetatable({}, {__call = function(self, a) return coroutine.yield("call " .. a) end})
  for v in f, "state" do sum = sum + v; break end
  return sum
end)
assert(Memory.iter() == "pairs")
--- restart
assert(Memory.iter() == 5)
--- restart
assert(Memory.iter() == 17)
--- restart
assert(Memory.iter() == "iter")
--- restart
assert(Memory.iter(100) == "iter" and Memory.iter(1000) == "iter")
--- restart
assert(Memory.iter(nil) == "call state")
--- restart
assert(Memory.iter(10000) == 11117)
