-- Random programs that yield: trees of loops, protected calls, closures, closing variables, metamethods and generators in
-- one another, and what runs them.

function random(seed)
  local state = seed & 0x7fffffff
  local function rnd(n)
    state = (state * 1103515245 + 12345) & 0x7fffffff
    return (state >> 8) % n + 1
  end
  for _ = 1, 3 do rnd(1) end
  return rnd
end

local kinds = {"seq", "loop", "protect", "closure", "close", "meta", "wrap", "call", "pairs", "tail", "concat", "compare"}

--- A program of some depth.
function grow(rnd, depth)
  if depth == 0 or rnd(6) == 1 then return {kind = "yield", n = rnd(100)} end
  local node = {kind = kinds[rnd(#kinds)], n = rnd(3)}
  for i = 1, rnd(3) do node[i] = grow(rnd, depth - 1) end
  return node
end

local run = {}

local function exec(node, ...) return run[node.kind](node, ...) end

local function all(node, ...)
  local sum = 0
  for i = 1, #node do sum = (sum * 3 + exec(node[i], i, ...)) % 10007 end
  return sum
end

function run.yield(node, ...) return (coroutine.yield(node.n, select("#", ...)) or 0) + node.n end
run.seq = all

function run.loop(node, ...)
  local sum = 0
  for i = 1, node.n do sum = sum + i * all(node, i, ...) end
  for f = 0.5, node.n do sum = sum + all(node) // 1 end
  return sum % 10007
end

function run.protect(node, ...)
  local ok, e = pcall(function(...) local v = all(node, ...); if node.n == 1 then error({v = v}) end return v end, ...)
  local _, v = xpcall(function() error(all(node), 0) end, function(m) return (tonumber(m) or 0) + 1 end)
  return ((ok and e or e.v) + v) % 10007
end

function run.closure(node, ...)
  local n = 0
  local function add(x) n = n + x; return n end
  local fs = {}
  for i = 1, #node do
    local v = exec(node[i], n)
    fs[i] = function() v = v + n; return v end
    add(v)
  end
  for i = 1, #fs do n = (n + fs[i]()) % 10007 end
  return n
end

function run.close(node, ...)
  local log = 0
  local function block(...)
    local a <close> = setmetatable({}, {__close = function() log = log * 2 + exec(node[1]) end})
    local b <close> = setmetatable({}, {__close = function(_, e) log = log + (e and 5 or 1) end})
    local v = all(node, ...)
    if node.n == 2 then error("left", 0) end
    return v
  end
  local ok, v = pcall(block, ...)
  return ((ok and v or 7) + log) % 10007
end

local meta = {}
meta.__add = function(a, b) return all(a.node) end
meta.__index = function(t, k) return all(t.node, k) end
meta.__concat = function(a, b) return "c" .. all((type(a) == "table" and a or b).node) end
meta.__lt = function(a, b) return all(a.node) % 2 == 0 end
meta.__eq = function(a, b) return all(a.node) % 2 == 0 end
meta.__call = function(f, x) return all(f.node, x) end

local function object(node) return setmetatable({node = node}, meta) end

function run.meta(node, ...)
  local o = object(node)
  return (o + 1 + o.field * 2 + o(3)) % 10007
end

function run.concat(node) return #("x" .. object(node) .. "y") + #(1 .. ("a" .. object(node))) end

function run.compare(node)
  local a, b, n = object(node), object(node), 0
  if a < b then n = n + 1 end
  if not (a == b) then n = n + 2 end
  while a < b and n < 3 do n = n + 4 end
  return n
end

function run.wrap(node, ...)
  local sum = 0
  local gen = coroutine.wrap(function(...) return "end", all(node, ...) end)
  local a, b = gen(...)
  while a ~= "end" do
    sum = (sum + coroutine.yield(a)) % 10007
    a, b = gen(sum)
  end
  return (sum + b) % 10007
end

function run.call(node, ...)
  local function deep(n, ...)
    if n == 0 then return all(node, ...) end
    return 1 + deep(n - 1, n, ...)
  end
  return deep(node.n * 3, ...)
end

function run.pairs(node)
  local sum, t = 0, {}
  for i = 1, 9 do t["k" .. i] = i; t[i / 2] = i end
  for k, v in pairs(t) do sum = sum + v; if v == node.n then coroutine.yield(sum * 0) end end
  local p = setmetatable({}, {__pairs = function() all(node) return next, {1, 2}, nil end})
  for k, v in pairs(p) do sum = sum + k * v end
  return sum
end

function run.tail(node, ...) return all(node, ...) end

--- A coroutine that runs a program, and what it is given each time.
function begin(node) return coroutine.create(function(...) return "end", exec(node, ...) end) end
function input(count) return count * 31 % 17 end

--- What the coroutine of a program yields at its n-th resume, found by running a new one.
function answer(node, n)
  local co = begin(node)
  local ok, a, b
  for i = 1, n do ok, a, b = coroutine.resume(co, input(i)) end
  return ok, a, b
end
