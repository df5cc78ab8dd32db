-- Errors and yields on every way out: random nests of operations that fail, metamethods, protected calls, iterators, coroutines,
-- variables to be closed, C functions that call back and hooks. What happens is written to a log; the sums of the logs
-- were computed by native Lua without our changes. (To see where they part, run this with LOG set in both.)

local SEEDS = 300
local WANTED = {["Lua 5.4"] = "83f9359c87a13311", ["Lua 5.5"] = "b8406c0e7528b167"}

local state
local function random(n)
  state = (state * 1103515245 + 12345) % 2147483648
  return state // 65536 % n + 1
end

local log
local fuel  -- steps until a nest stops to call deeper
local function note(...) log[#log + 1] = table.concat({...}, " ") end
local function clean(v)
  return (tostring(v):gsub("%S+error_paths%.lua", "FILE"):gsub("0x%x+", "PTR"):gsub("(%a+): %x%x%x%x%x+", "%1"))
end

-- Where each function of a stack is, up to the one that runs the nest ('debug.traceback' shows the host's frames, too).
local run
local function stack(co)
  local lines, level = {}, co and 0 or 2
  repeat
    local info
    if co then info = debug.getinfo(co, level, "Slnf") else info = debug.getinfo(level, "Slnf") end
    if not info or info.func == run then break end
    lines[#lines + 1] = ("%s:%d:%s:%s"):format(info.what, info.currentline, info.namewhat, info.name or "?")
    level = level + 1
  until false
  return table.concat(lines, " < ")
end

-- A table whose metamethods call 'inner'.
local function mt(inner)
  local f = function(...) note("mm") return inner(...) end
  local t = {}
  for _, event in ipairs{"index", "newindex", "add", "concat", "eq", "lt", "le", "len", "unm", "call", "idiv", "band", "bnot"} do
    t["__" .. event] = f
  end
  return setmetatable({}, t)
end

-- What fails, of locals, fields, constants and upvalues.
local fails = {
  function() local a; return a.x end,
  function() local a; a.x = 1 end,
  function() local a = {}; return a.b.c end,
  function() local a = {}; a.b.c = 2 end,
  function() return undefinedglobal() end,
  function() local t = {}; t:m() end,
  function() local t = {}; return t:m() end,
  function() local x; return x + 1 end,
  function() local x = {}; return 2 ^ x end,
  function() local x = "a"; return x * 2 end,
  function() local x = 1.5; return x | 1 end,
  function() local x = "a"; return x | 1 end,
  function() local x = {}; return -x end,
  function() local x = {}; return ~x end,
  function() local x = true; return #x end,
  function() local x = {}; return "a" .. 1 .. x .. "b" end,
  function() local x = {}; return x .. "a" .. "b" end,
  function() local x, y = {}, {}; return x < y end,
  function() local x, y = {}, 1; while x <= y do y = y + 1 end end,
  function() local x = "a"; if x > 1 then return 1 end return 2 end,
  function() local x = {}; if x >= 1 then return 1 end return 2 end,
  function() local x = {} repeat local y = 1 until x < y end,
  function() for i = 1, {} do note("no") end end,
  function() for i = "a", 2 do note("no") end end,
  function() for i = 1, 2, {} do note("no") end end,
  function() for i = 1.5, "x" do note("no") end end,
  function() for i = 1, 2, 0 do note("no") end end,
  function() for k in nil do note("no") end end,
  function() for k in pairs(nil) do note("no") end end,
  function() return 1 // 0 end,
  function() local z = 0; return 1 % z end,
  function() error("plain") end,
  function() error({}) end,
  function() error() end,
  function() error("lvl2", 2) end,
  function() assert(false) end,
  function() assert(nil, "amsg") end,
  function() string.rep() end,
  function() local x <close> = 5 end,
  function() ("x"):bad() end,
  function() return math.huge < {} end,
  function() return setmetatable({}, {__index = 5}).x end,
  function() setmetatable({}, {__newindex = 5}).x = 1 end,
  function() return setmetatable({}, {__call = 5})() end,
  function() return setmetatable({}, {__add = 5}) + 1 end,
  function() return select(-5) end,
}
-- What calls 'inner' in the middle of something: a metamethod, an iterator, a protected call, a coroutine, C functions, ...
local wraps = {
  function(inner, ...) local t = mt(inner) local v = t.key note("got", clean(v)) return v end,
  function(inner, ...) local t = mt(inner) t.key = 1 return 1 end,
  function(inner, ...) local t = mt(inner) local v = t[1] + t[2] return v end,
  function(inner, ...) local t = mt(inner) local keep = 7 keep = t + 1 note("k", clean(keep)) return keep end,
  function(inner, ...)
    local t = mt(inner)
    local keep = 7
    local g = function() return keep end
    pcall(function() keep = 1 // t end)
    note("k", clean(g()))
    return keep
  end,
  function(inner, ...) local t = mt(inner) return "a" .. "b" .. t .. "c" .. "d" end,
  function(inner, ...) local t = mt(inner) local s = 1 .. t return s .. "e" end,
  function(inner, ...) local t = mt(inner) local u = {} return u .. "f" .. t .. "g" end,
  function(inner, ...) local t, u = mt(inner), mt(inner) if t == u then note("eq") end return 1 end,
  function(inner, ...)
    local t, u = mt(inner), mt(inner)
    if t < u then note("lt") else note("ge") end
    return t <= u
  end,
  function(inner, ...)
    local t = mt(inner)
    if t > 3 then note("gt") end
    if not (t <= 3) then note("gt2") end
    return 1
  end,
  function(inner, ...) local t, n = mt(inner), 0 repeat n = n + 1 until t < n or n == 3 return n end,
  function(inner, ...) local t = mt(inner) return #t end,
  function(inner, ...) local t = mt(inner) local x = -t local y = ~t return x end,
  function(inner, ...) local t = mt(inner) local x = t(1, 2) return x end,
  function(inner, ...) local t = mt(inner) return t(1, 2) end,
  function(inner, ...) local t = setmetatable({}, {__index = mt(inner)}) return t.a.b end,
  function(inner, ...) local t = setmetatable({}, {__newindex = mt(inner)}) t.a = 1 return 3 end,
  function(inner, ...) local ok, e = pcall(inner, ...) note("pcall", tostring(ok), clean(e)) return 1 end,
  function(inner, ...) return select("#", pcall(inner, ...)) end,
  function(inner, ...) return pcall(inner, ...) end,
  function(inner, ...)
    local ok, e = xpcall(inner, function(m) note("h", clean(m), stack()) return m end, ...)
    note("x", tostring(ok), clean(e))
    return 1
  end,
  function(inner, ...)
    local n = 0
    local ok, e = xpcall(inner, function(m) n = n + 1 if n < 3 then return n.x.y end return m end, ...)
    note("x2", tostring(ok), clean(e))
    return 1
  end,
  function(inner, ...)
    local co = coroutine.create(inner)
    for i = 1, 4 do
      local ok, v = coroutine.resume(co, i, {})
      note("res", tostring(ok), clean(v), coroutine.status(co))
      if not ok then note(stack(co)) note("close", tostring(coroutine.close(co))) break end
      if coroutine.status(co) == "dead" then break end
    end
    return 1
  end,
  function(inner, ...) local f = coroutine.wrap(inner) for i = 1, 3 do note("w", clean(f(i))) end return 2 end,
  function(inner, ...)
    for a in inner, 1, 2 do
      note("it", clean(a))
      fuel = fuel - 1
      if fuel < 0 or random(3) == 1 then break end
    end
    return 1
  end,
  function(inner, ...)
    local c <close> = setmetatable({}, {__close = function(_, e) note("cl", clean(e)) end})
    return inner(...)
  end,
  function(inner, ...)
    local c <close> = setmetatable({}, {__close = function(_, e) note("cl2", clean(e)) inner() end})
    local x = inner(...)
    return x
  end,
  function(inner, ...)
    do
      local c <close> = setmetatable({}, {__close = function() inner() end})
      note("in")
    end
    return 5
  end,
  function(inner, ...) table.sort({3, 1, 2}, function(a, b) inner() return a < b end) return 1 end,
  function(inner, ...) return (string.gsub("abc", "%w", function(c) inner() return c end)) end,
  function(inner, ...) local x = inner(...) return x end,
  function(inner, ...) return inner(...) end,
  function(inner, ...) local a, b = inner(...), inner(...) return a end,
  function(inner, ...) note("y", clean(coroutine.isyieldable() and coroutine.yield(1) or "ny")) return inner(...) end,
  function(inner, ...) return coroutine.yield(inner(...)) end,
  function(inner, ...) local v = coroutine.yield("z") note("yv", clean(v)) return inner(...) end,
  function(inner, ...) local n = 0 while n < 3 do n = n + 1 if n == 2 then inner(n) end end return n end,
  function(inner, ...) local s = 0 for i = 1, 40 do s = s + i if i == 35 then inner(i) end end return s end,
  function(inner, ...) return load("local f = ... return f()", "=l")(inner) end,
  function(inner, ...) local f = load(function() inner() return nil end) return f and 1 end,
  function(inner, ...) return tostring(setmetatable({}, {__tostring = function() inner() return "s" end})) end,
  function(inner, ...) local t = mt(inner) return table.concat({1, 2}) .. rawlen(t) .. next({5}) end,
  function(inner, ...)
    local t = setmetatable({}, {__index = function(_, k) inner() return k end})
    return table.unpack(t, 1, 2)
  end,
}

local function nest(depth)
  if depth == 0 or random(12) == 1 then
    local k = random(4)
    if k < 4 then
      k = random(#fails)
      return function() note("fail", tostring(k)) fuel = fuel - 1 return fails[k]() end
    end
    k = random(3)
    return function(a) note("leaf", clean(a)) return k == 1 and a or k end
  end
  local k = random(#wraps)
  local inner = nest(depth - 1)
  return function(...)
    fuel = fuel - 1
    if fuel < 0 then return 1 end
    note("nest", tostring(k))
    return wraps[k](inner, ...)
  end
end

local function logline(event, line) log[#log + 1] = event .. (line or "") end

function run(seed)
  state = seed * 7919 % 2147483648
  random(2)
  fuel = 60
  local f = nest(random(7))
  local hook = random(6)
  if hook == 1 then debug.sethook(function() end, "lcr") end
  if hook == 2 then debug.sethook(logline, "l") end
  if hook == 3 then debug.sethook(function() end, "", 3) end
  local ok, e = pcall(f, 1)
  note("end", tostring(ok), clean(e))
  fuel = 60
  local co = coroutine.create(f)
  if hook == 4 then debug.sethook(co, logline, "crl") end
  for i = 1, 8 do
    local ok, v = coroutine.resume(co, i)
    note("resume", tostring(ok), clean(v), coroutine.status(co))
    if not ok then
      note(stack(co))
      note("close", clean(select(2, coroutine.close(co))))
    end
    if coroutine.status(co) ~= "suspended" then break end
  end
  debug.sethook()
end

local sum = 0x4bf29ce484222325
for seed = 1, SEEDS do
  log = {}
  run(seed)
  local text = table.concat(log, "\n")
  if LOG then print(seed, text) end
  for i = 1, #text do sum = (sum ~ text:byte(i)) * 1099511628211 end
end
sum = ("%016x"):format(sum)
if sum ~= WANTED[_VERSION] then
  error(("expected the sum %s, found %s"):format(WANTED[_VERSION], sum))
end
return "ok", SEEDS
