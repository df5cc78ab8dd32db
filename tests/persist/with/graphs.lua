-- Random graphs of tables, functions and scalars: making them, writing to them, and telling them apart. Everything comes
-- from a generator with a seed, the same on every machine.

--- A generator: rnd(n) gives 1 to n.
function random(seed)
  local state = seed & 0x7fffffff
  local function rnd(n)
    state = (state * 1103515245 + 12345) & 0x7fffffff
    return (state >> 8) % n + 1
  end
  for _ = 1, 3 do rnd(1) end  -- or neighbouring seeds would begin alike
  return rnd
end

local names = {[print] = "print", [math.sin] = "sin", [string] = "string", [_G] = "_G", [pairs] = "pairs"}
local library = {print, math.sin, string, _G, pairs}

local function plain(v) return type(v) == "table" and not names[v] end
local function ours(v) return type(v) == "function" and debug.getinfo(v, "S").what == "Lua" end

--- Shape and sharing of all that a value reaches, as a text: equal texts, equal graphs.
function describe(root)
  local seen, queue, parts = {}, {}, {}
  local function number(v, item)
    if not seen[v] then
      queue[#queue + 1] = item
      seen[v] = #queue
    end
    return seen[v]
  end
  local function ref(v)
    local t = math.type(v) or type(v)
    if v == nil or t == "boolean" then return tostring(v) end
    if t == "integer" then return "i" .. v end
    if t == "float" then return string.format("f%a", v) end
    if t == "string" then return string.format("%q", v) end
    if names[v] then return names[v] end
    return t .. number(v, v)
  end
  ref(root)
  local i = 0
  while i < #queue do
    i = i + 1
    local v, list = queue[i], {}
    if type(v) == "table" then
      local keys = {}
      for k in next, v do list[#list + 1] = ref(k); keys[list[#list]] = k end
      table.sort(list)  -- rebuilt tables have another order
      for j, k in ipairs(list) do list[j] = k .. "=" .. ref(rawget(v, keys[k])) end
      if debug.getmetatable(v) then list[#list + 1] = "meta=" .. ref(debug.getmetatable(v)) end
    elseif type(v) == "thread" then
      list[1] = coroutine.status(v)
      for level = 0, math.huge do
        local info = debug.getinfo(v, level, "fl")
        if not info then break end
        list[#list + 1] = ref(info.func) .. ":" .. info.currentline
        for i = 1, math.huge do
          local name, x = debug.getlocal(v, level, i)
          if not name then break end
          -- ('debug' leaves values in the stack of a library function where memory runs out)
          if name ~= "(C temporary)" then list[#list + 1] = name .. "=" .. ref(x) end
        end
      end
    elseif type(v) == "function" then
      for u = 1, 255 do
        local name, x = debug.getupvalue(v, u)
        if not name then break end
        -- a variable is an object, too: which functions share it has to stay as it is
        list[u] = name .. number(debug.upvalueid(v, u), false) .. "=" .. ref(x)
      end
    end
    parts[i] = i .. "{" .. table.concat(list, ",") .. "}"
  end
  return table.concat(parts, "\n")
end

--- Calls f(v) for each table and function of ours that a value reaches, itself first.
local function walk(root, f)
  local queue, seen, i = {}, {}, 0
  local function add(v)
    if (plain(v) or ours(v)) and not seen[v] then
      seen[v] = true
      queue[#queue + 1] = v
    end
  end
  add(root)
  while i < #queue do
    i = i + 1
    local v = queue[i]
    f(v)
    if type(v) == "table" then
      for _, x in next, v do add(x) end
      add(debug.getmetatable(v))
    else
      for u = 1, 255 do
        local name, x = debug.getupvalue(v, u)
        if not name then break end
        add(x)
      end
    end
  end
end

--- A pool, as mutate wants it: a list of all tables and functions that a value reaches.
function pool_of(root)
  local pool = {}
  walk(root, function(v) pool[#pool + 1] = v end)
  return pool
end

--- Whether a value reaches something.
function reaches(root, what)
  local found = false
  walk(root, function(v) found = found or v == what end)
  return found
end

--- How many of the tables that a value reaches a store has something for.
function count_tables(root)
  local n = 0
  walk(root, function(v)
    if type(v) == "table" and (next(v) ~= nil or debug.getmetatable(v)) then n = n + 1 end
  end)
  return n
end

local function scalar(rnd)
  local c = rnd(9)
  if c == 1 then return rnd(1000)
  elseif c == 2 then return rnd(1000) + 0.0
  elseif c == 3 then return "s" .. rnd(50)
  elseif c == 4 then return rnd(2) == 1
  elseif c == 5 then return string.rep("\0x\255", rnd(30))
  elseif c == 6 then return -rnd(1000000) << 20
  elseif c == 7 then return 1 / rnd(7)
  elseif c == 8 then return math.mininteger + rnd(9)
  else return "key " .. rnd(9) end
end

local function shared(a, b)  -- two functions over two common variables
  return function() return a, b end, function(x, y) a, b = x, y end
end

local function object(pool, rnd)
  local c = rnd(20)
  if c <= 11 or #pool == 0 then
    pool[#pool + 1] = {}
    return pool[#pool]
  elseif c <= 13 then
    local f, g = shared(pool[rnd(#pool)], scalar(rnd))
    pool[#pool + 1] = f
    pool[#pool + 1] = g
    return f
  elseif c == 14 then  -- a text of its own
    pool[#pool + 1] = load("local a, b = ... return function(x) a = x or a; return a, b, " .. rnd(5) .. " end")(scalar(rnd))
    return pool[#pool]
  elseif c == 15 then
    return library[rnd(#library)]
  else
    return pool[rnd(#pool)]
  end
end

--- A random value: a scalar, or something new or old of the pool.
function value(pool, rnd)
  if rnd(3) == 1 then return object(pool, rnd) end
  return scalar(rnd)
end

--- One random write to something of the pool; what it makes comes into the pool, too.
function mutate(pool, rnd)
  local t = pool[rnd(#pool)]
  local c = rnd(15)
  if type(t) == "function" then
    if c <= 7 then
      debug.setupvalue(t, rnd(2), value(pool, rnd))
    elseif c <= 9 then
      local other, i, j = pool[rnd(#pool)], rnd(2), rnd(2)
      if ours(other) and debug.getupvalue(t, i) and debug.getupvalue(other, j) then debug.upvaluejoin(t, i, other, j) end
    elseif debug.getinfo(t, "u").nparams == 2 then
      t(value(pool, rnd), scalar(rnd))
    end
  elseif c <= 6 then rawset(t, scalar(rnd), value(pool, rnd))
  elseif c == 7 then local k = next(t); if k ~= nil then t[k] = nil end
  elseif c == 8 then setmetatable(t, nil)
  elseif c == 9 then
    local m = pool[rnd(#pool)]
    if plain(m) then setmetatable(t, m) end
  elseif c == 10 then rawset(t, #t + 1, value(pool, rnd))
  elseif c == 11 then rawset(t, rnd(20), nil)
  elseif c == 12 then for k in next, t do if rnd(3) == 1 then rawset(t, k, nil) end end
  elseif c == 13 then for i = 1, rnd(40) do rawset(t, i, i) end
  elseif c == 14 then table.move(t, 1, math.min(#t, 30), rnd(4))
  else local k = next(t); if k ~= nil then rawset(t, k, value(pool, rnd)) end end
end
