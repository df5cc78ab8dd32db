--- may-fail
--- fail-writes: 2 287
-- Instances whose store fails and that then die: the next one opens what is there, all of it.
local SEED = 4100

local state = SEED
local function rnd(n)  -- 1..n, the same on every machine
  state = (state * 1103515245 + 12345) & 0x7fffffff
  return (state >> 8) % n + 1
end

local function scalar()
  local c = rnd(9)
  if c == 1 then return rnd(1000) elseif c == 2 then return rnd(1000) + 0.0
  elseif c == 3 then return "s" .. rnd(50) elseif c == 4 then return rnd(2) == 1
  elseif c == 5 then return string.rep("\0x\255", rnd(30)) elseif c == 6 then return -rnd(1000000) << 20
  elseif c == 7 then return 1 / rnd(7) elseif c == 8 then return math.mininteger + rnd(9)
  else return "key " .. rnd(9) end
end
local function shared(a, b)  -- two functions over two common upvalues
  return function() return a, b end, function(x, y) a, b = x, y end
end
local function object(pool)
  local c = rnd(10)
  if c <= 6 or #pool == 0 then
    local t = {}
    pool[#pool + 1] = t
    return t
  elseif c == 7 then
    local f, g = shared(pool[rnd(#pool)], scalar())
    pool[#pool + 1] = f; pool[#pool + 1] = g
    return f
  elseif c == 8 then
    local lib = {print, math.sin, string, _G, pairs}
    return lib[rnd(#lib)]
  else
    return pool[rnd(#pool)]
  end
end
local function value(pool)
  if rnd(3) == 1 then return object(pool) end
  return scalar()
end
local function plain(t) return type(t) == "table" and t ~= string and t ~= _G end
local function mutate(pool)
  local t = pool[rnd(#pool)]
  local c = rnd(14)
  if type(t) == "function" then
    if c <= 7 then local n = 1; debug.setupvalue(t, rnd(2), value(pool)) return end
    if debug.getupvalue(t, 1) == "a" and debug.getinfo(t, "u").nparams == 2 then t(value(pool), scalar()) end
    return
  end
  if not plain(t) then return end
  if c <= 6 then rawset(t, scalar(), value(pool))
  elseif c == 7 then local k = next(t); if k ~= nil then t[k] = nil end
  elseif c == 8 then setmetatable(t, nil)
  elseif c == 9 then
    local m = pool[rnd(#pool)]
    if plain(m) then setmetatable(t, m) end
  elseif c == 10 then rawset(t, #t + 1, value(pool))
  elseif c == 11 then rawset(t, rnd(20), nil)
  elseif c == 12 then for k in next, t do if rnd(3) == 1 then rawset(t, k, nil) end end
  elseif c == 13 then for i = 1, rnd(40) do rawset(t, i, i) end
  else local k = next(t); if k ~= nil then rawset(t, k, value(pool)) end end
end

Memory.g = Memory.g or {}
local pool = {Memory.g}
for i = 1, 300 do mutate(pool); if rnd(30) == 1 then pcall(ext.flush) end end
--- restart

local libnames = {[print] = "print", [math.sin] = "sin", [string] = "string", [_G] = "_G", [pairs] = "pairs"}
local function describe(root)  -- shape and sharing as a text; no recursion
  local seen, n, queue, parts = {}, 0, {}, {}
  local function ref(v)
    local t = math.type(v) or type(v)
    if v == nil or t == "boolean" then return tostring(v) end
    if t == "integer" then return "i" .. v end
    if t == "float" then return "f" .. string.format("%a", v) end
    if t == "string" then return string.format("%q", v) end
    if libnames[v] then return "L" .. libnames[v] end
    if not seen[v] then n = n + 1; seen[v] = n; queue[n] = v end
    return t .. seen[v]
  end
  ref(root)
  local i = 0
  while i < n do
    i = i + 1
    local v = queue[i]
    local list = {}
    if type(v) == "table" then
      for k, x in next, v do list[#list + 1] = {ref(k), k} end
      table.sort(list, function(a, b) return a[1] < b[1] end)
      for j, e in ipairs(list) do list[j] = e[1] .. "=" .. ref(rawget(v, e[2])) end
      local mt = debug.getmetatable(v)
      if mt then list[#list + 1] = "meta=" .. ref(mt) end
    elseif type(v) == "function" then
      local u = 1
      while debug.getupvalue(v, u) do
        local name, x = debug.getupvalue(v, u)
        local id = debug.upvalueid(v, u)
        if not seen[id] then n = n + 1; seen[id] = n; queue[n] = false end
        list[#list + 1] = name .. "#" .. seen[id] .. "=" .. ref(x)
        u = u + 1
      end
    end
    parts[#parts + 1] = i .. "{" .. table.concat(list, ",") .. "}"
  end
  return table.concat(parts, "\n")
end
describe(Memory)
--- restart
--- may-fail
--- fail-writes: 2 288
-- Instances whose store fails and that then die: the next one opens what is there, all of it.
local SEED = 4101

local state = SEED
local function rnd(n)  -- 1..n, the same on every machine
  state = (state * 1103515245 + 12345) & 0x7fffffff
  return (state >> 8) % n + 1
end

local function scalar()
  local c = rnd(9)
  if c == 1 then return rnd(1000) elseif c == 2 then return rnd(1000) + 0.0
  elseif c == 3 then return "s" .. rnd(50) elseif c == 4 then return rnd(2) == 1
  elseif c == 5 then return string.rep("\0x\255", rnd(30)) elseif c == 6 then return -rnd(1000000) << 20
  elseif c == 7 then return 1 / rnd(7) elseif c == 8 then return math.mininteger + rnd(9)
  else return "key " .. rnd(9) end
end
local function shared(a, b)  -- two functions over two common upvalues
  return function() return a, b end, function(x, y) a, b = x, y end
end
local function object(pool)
  local c = rnd(10)
  if c <= 6 or #pool == 0 then
    local t = {}
    pool[#pool + 1] = t
    return t
  elseif c == 7 then
    local f, g = shared(pool[rnd(#pool)], scalar())
    pool[#pool + 1] = f; pool[#pool + 1] = g
    return f
  elseif c == 8 then
    local lib = {print, math.sin, string, _G, pairs}
    return lib[rnd(#lib)]
  else
    return pool[rnd(#pool)]
  end
end
local function value(pool)
  if rnd(3) == 1 then return object(pool) end
  return scalar()
end
local function plain(t) return type(t) == "table" and t ~= string and t ~= _G end
local function mutate(pool)
  local t = pool[rnd(#pool)]
  local c = rnd(14)
  if type(t) == "function" then
    if c <= 7 then local n = 1; debug.setupvalue(t, rnd(2), value(pool)) return end
    if debug.getupvalue(t, 1) == "a" and debug.getinfo(t, "u").nparams == 2 then t(value(pool), scalar()) end
    return
  end
  if not plain(t) then return end
  if c <= 6 then rawset(t, scalar(), value(pool))
  elseif c == 7 then local k = next(t); if k ~= nil then t[k] = nil end
  elseif c == 8 then setmetatable(t, nil)
  elseif c == 9 then
    local m = pool[rnd(#pool)]
    if plain(m) then setmetatable(t, m) end
  elseif c == 10 then rawset(t, #t + 1, value(pool))
  elseif c == 11 then rawset(t, rnd(20), nil)
  elseif c == 12 then for k in next, t do if rnd(3) == 1 then rawset(t, k, nil) end end
  elseif c == 13 then for i = 1, rnd(40) do rawset(t, i, i) end
  else local k = next(t); if k ~= nil then rawset(t, k, value(pool)) end end
end

Memory.g = Memory.g or {}
local pool = {Memory.g}
for i = 1, 300 do mutate(pool); if rnd(30) == 1 then pcall(ext.flush) end end
--- restart

local libnames = {[print] = "print", [math.sin] = "sin", [string] = "string", [_G] = "_G", [pairs] = "pairs"}
local function describe(root)  -- shape and sharing as a text; no recursion
  local seen, n, queue, parts = {}, 0, {}, {}
  local function ref(v)
    local t = math.type(v) or type(v)
    if v == nil or t == "boolean" then return tostring(v) end
    if t == "integer" then return "i" .. v end
    if t == "float" then return "f" .. string.format("%a", v) end
    if t == "string" then return string.format("%q", v) end
    if libnames[v] then return "L" .. libnames[v] end
    if not seen[v] then n = n + 1; seen[v] = n; queue[n] = v end
    return t .. seen[v]
  end
  ref(root)
  local i = 0
  while i < n do
    i = i + 1
    local v = queue[i]
    local list = {}
    if type(v) == "table" then
      for k, x in next, v do list[#list + 1] = {ref(k), k} end
      table.sort(list, function(a, b) return a[1] < b[1] end)
      for j, e in ipairs(list) do list[j] = e[1] .. "=" .. ref(rawget(v, e[2])) end
      local mt = debug.getmetatable(v)
      if mt then list[#list + 1] = "meta=" .. ref(mt) end
    elseif type(v) == "function" then
      local u = 1
      while debug.getupvalue(v, u) do
        local name, x = debug.getupvalue(v, u)
        local id = debug.upvalueid(v, u)
        if not seen[id] then n = n + 1; seen[id] = n; queue[n] = false end
        list[#list + 1] = name .. "#" .. seen[id] .. "=" .. ref(x)
        u = u + 1
      end
    end
    parts[#parts + 1] = i .. "{" .. table.concat(list, ",") .. "}"
  end
  return table.concat(parts, "\n")
end
describe(Memory)
--- restart
--- may-fail
--- fail-writes: 2 289
-- Instances whose store fails and that then die: the next one opens what is there, all of it.
local SEED = 4102

local state = SEED
local function rnd(n)  -- 1..n, the same on every machine
  state = (state * 1103515245 + 12345) & 0x7fffffff
  return (state >> 8) % n + 1
end

local function scalar()
  local c = rnd(9)
  if c == 1 then return rnd(1000) elseif c == 2 then return rnd(1000) + 0.0
  elseif c == 3 then return "s" .. rnd(50) elseif c == 4 then return rnd(2) == 1
  elseif c == 5 then return string.rep("\0x\255", rnd(30)) elseif c == 6 then return -rnd(1000000) << 20
  elseif c == 7 then return 1 / rnd(7) elseif c == 8 then return math.mininteger + rnd(9)
  else return "key " .. rnd(9) end
end
local function shared(a, b)  -- two functions over two common upvalues
  return function() return a, b end, function(x, y) a, b = x, y end
end
local function object(pool)
  local c = rnd(10)
  if c <= 6 or #pool == 0 then
    local t = {}
    pool[#pool + 1] = t
    return t
  elseif c == 7 then
    local f, g = shared(pool[rnd(#pool)], scalar())
    pool[#pool + 1] = f; pool[#pool + 1] = g
    return f
  elseif c == 8 then
    local lib = {print, math.sin, string, _G, pairs}
    return lib[rnd(#lib)]
  else
    return pool[rnd(#pool)]
  end
end
local function value(pool)
  if rnd(3) == 1 then return object(pool) end
  return scalar()
end
local function plain(t) return type(t) == "table" and t ~= string and t ~= _G end
local function mutate(pool)
  local t = pool[rnd(#pool)]
  local c = rnd(14)
  if type(t) == "function" then
    if c <= 7 then local n = 1; debug.setupvalue(t, rnd(2), value(pool)) return end
    if debug.getupvalue(t, 1) == "a" and debug.getinfo(t, "u").nparams == 2 then t(value(pool), scalar()) end
    return
  end
  if not plain(t) then return end
  if c <= 6 then rawset(t, scalar(), value(pool))
  elseif c == 7 then local k = next(t); if k ~= nil then t[k] = nil end
  elseif c == 8 then setmetatable(t, nil)
  elseif c == 9 then
    local m = pool[rnd(#pool)]
    if plain(m) then setmetatable(t, m) end
  elseif c == 10 then rawset(t, #t + 1, value(pool))
  elseif c == 11 then rawset(t, rnd(20), nil)
  elseif c == 12 then for k in next, t do if rnd(3) == 1 then rawset(t, k, nil) end end
  elseif c == 13 then for i = 1, rnd(40) do rawset(t, i, i) end
  else local k = next(t); if k ~= nil then rawset(t, k, value(pool)) end end
end

Memory.g = Memory.g or {}
local pool = {Memory.g}
for i = 1, 300 do mutate(pool); if rnd(30) == 1 then pcall(ext.flush) end end
--- restart

local libnames = {[print] = "print", [math.sin] = "sin", [string] = "string", [_G] = "_G", [pairs] = "pairs"}
local function describe(root)  -- shape and sharing as a text; no recursion
  local seen, n, queue, parts = {}, 0, {}, {}
  local function ref(v)
    local t = math.type(v) or type(v)
    if v == nil or t == "boolean" then return tostring(v) end
    if t == "integer" then return "i" .. v end
    if t == "float" then return "f" .. string.format("%a", v) end
    if t == "string" then return string.format("%q", v) end
    if libnames[v] then return "L" .. libnames[v] end
    if not seen[v] then n = n + 1; seen[v] = n; queue[n] = v end
    return t .. seen[v]
  end
  ref(root)
  local i = 0
  while i < n do
    i = i + 1
    local v = queue[i]
    local list = {}
    if type(v) == "table" then
      for k, x in next, v do list[#list + 1] = {ref(k), k} end
      table.sort(list, function(a, b) return a[1] < b[1] end)
      for j, e in ipairs(list) do list[j] = e[1] .. "=" .. ref(rawget(v, e[2])) end
      local mt = debug.getmetatable(v)
      if mt then list[#list + 1] = "meta=" .. ref(mt) end
    elseif type(v) == "function" then
      local u = 1
      while debug.getupvalue(v, u) do
        local name, x = debug.getupvalue(v, u)
        local id = debug.upvalueid(v, u)
        if not seen[id] then n = n + 1; seen[id] = n; queue[n] = false end
        list[#list + 1] = name .. "#" .. seen[id] .. "=" .. ref(x)
        u = u + 1
      end
    end
    parts[#parts + 1] = i .. "{" .. table.concat(list, ",") .. "}"
  end
  return table.concat(parts, "\n")
end
describe(Memory)
--- restart
--- may-fail
--- fail-writes: 2 290
-- Instances whose store fails and that then die: the next one opens what is there, all of it.
local SEED = 4103

local state = SEED
local function rnd(n)  -- 1..n, the same on every machine
  state = (state * 1103515245 + 12345) & 0x7fffffff
  return (state >> 8) % n + 1
end

local function scalar()
  local c = rnd(9)
  if c == 1 then return rnd(1000) elseif c == 2 then return rnd(1000) + 0.0
  elseif c == 3 then return "s" .. rnd(50) elseif c == 4 then return rnd(2) == 1
  elseif c == 5 then return string.rep("\0x\255", rnd(30)) elseif c == 6 then return -rnd(1000000) << 20
  elseif c == 7 then return 1 / rnd(7) elseif c == 8 then return math.mininteger + rnd(9)
  else return "key " .. rnd(9) end
end
local function shared(a, b)  -- two functions over two common upvalues
  return function() return a, b end, function(x, y) a, b = x, y end
end
local function object(pool)
  local c = rnd(10)
  if c <= 6 or #pool == 0 then
    local t = {}
    pool[#pool + 1] = t
    return t
  elseif c == 7 then
    local f, g = shared(pool[rnd(#pool)], scalar())
    pool[#pool + 1] = f; pool[#pool + 1] = g
    return f
  elseif c == 8 then
    local lib = {print, math.sin, string, _G, pairs}
    return lib[rnd(#lib)]
  else
    return pool[rnd(#pool)]
  end
end
local function value(pool)
  if rnd(3) == 1 then return object(pool) end
  return scalar()
end
local function plain(t) return type(t) == "table" and t ~= string and t ~= _G end
local function mutate(pool)
  local t = pool[rnd(#pool)]
  local c = rnd(14)
  if type(t) == "function" then
    if c <= 7 then local n = 1; debug.setupvalue(t, rnd(2), value(pool)) return end
    if debug.getupvalue(t, 1) == "a" and debug.getinfo(t, "u").nparams == 2 then t(value(pool), scalar()) end
    return
  end
  if not plain(t) then return end
  if c <= 6 then rawset(t, scalar(), value(pool))
  elseif c == 7 then local k = next(t); if k ~= nil then t[k] = nil end
  elseif c == 8 then setmetatable(t, nil)
  elseif c == 9 then
    local m = pool[rnd(#pool)]
    if plain(m) then setmetatable(t, m) end
  elseif c == 10 then rawset(t, #t + 1, value(pool))
  elseif c == 11 then rawset(t, rnd(20), nil)
  elseif c == 12 then for k in next, t do if rnd(3) == 1 then rawset(t, k, nil) end end
  elseif c == 13 then for i = 1, rnd(40) do rawset(t, i, i) end
  else local k = next(t); if k ~= nil then rawset(t, k, value(pool)) end end
end

Memory.g = Memory.g or {}
local pool = {Memory.g}
for i = 1, 300 do mutate(pool); if rnd(30) == 1 then pcall(ext.flush) end end
--- restart

local libnames = {[print] = "print", [math.sin] = "sin", [string] = "string", [_G] = "_G", [pairs] = "pairs"}
local function describe(root)  -- shape and sharing as a text; no recursion
  local seen, n, queue, parts = {}, 0, {}, {}
  local function ref(v)
    local t = math.type(v) or type(v)
    if v == nil or t == "boolean" then return tostring(v) end
    if t == "integer" then return "i" .. v end
    if t == "float" then return "f" .. string.format("%a", v) end
    if t == "string" then return string.format("%q", v) end
    if libnames[v] then return "L" .. libnames[v] end
    if not seen[v] then n = n + 1; seen[v] = n; queue[n] = v end
    return t .. seen[v]
  end
  ref(root)
  local i = 0
  while i < n do
    i = i + 1
    local v = queue[i]
    local list = {}
    if type(v) == "table" then
      for k, x in next, v do list[#list + 1] = {ref(k), k} end
      table.sort(list, function(a, b) return a[1] < b[1] end)
      for j, e in ipairs(list) do list[j] = e[1] .. "=" .. ref(rawget(v, e[2])) end
      local mt = debug.getmetatable(v)
      if mt then list[#list + 1] = "meta=" .. ref(mt) end
    elseif type(v) == "function" then
      local u = 1
      while debug.getupvalue(v, u) do
        local name, x = debug.getupvalue(v, u)
        local id = debug.upvalueid(v, u)
        if not seen[id] then n = n + 1; seen[id] = n; queue[n] = false end
        list[#list + 1] = name .. "#" .. seen[id] .. "=" .. ref(x)
        u = u + 1
      end
    end
    parts[#parts + 1] = i .. "{" .. table.concat(list, ",") .. "}"
  end
  return table.concat(parts, "\n")
end
describe(Memory)
--- restart
--- may-fail
--- fail-writes: 2 291
-- Instances whose store fails and that then die: the next one opens what is there, all of it.
local SEED = 4104

local state = SEED
local function rnd(n)  -- 1..n, the same on every machine
  state = (state * 1103515245 + 12345) & 0x7fffffff
  return (state >> 8) % n + 1
end

local function scalar()
  local c = rnd(9)
  if c == 1 then return rnd(1000) elseif c == 2 then return rnd(1000) + 0.0
  elseif c == 3 then return "s" .. rnd(50) elseif c == 4 then return rnd(2) == 1
  elseif c == 5 then return string.rep("\0x\255", rnd(30)) elseif c == 6 then return -rnd(1000000) << 20
  elseif c == 7 then return 1 / rnd(7) elseif c == 8 then return math.mininteger + rnd(9)
  else return "key " .. rnd(9) end
end
local function shared(a, b)  -- two functions over two common upvalues
  return function() return a, b end, function(x, y) a, b = x, y end
end
local function object(pool)
  local c = rnd(10)
  if c <= 6 or #pool == 0 then
    local t = {}
    pool[#pool + 1] = t
    return t
  elseif c == 7 then
    local f, g = shared(pool[rnd(#pool)], scalar())
    pool[#pool + 1] = f; pool[#pool + 1] = g
    return f
  elseif c == 8 then
    local lib = {print, math.sin, string, _G, pairs}
    return lib[rnd(#lib)]
  else
    return pool[rnd(#pool)]
  end
end
local function value(pool)
  if rnd(3) == 1 then return object(pool) end
  return scalar()
end
local function plain(t) return type(t) == "table" and t ~= string and t ~= _G end
local function mutate(pool)
  local t = pool[rnd(#pool)]
  local c = rnd(14)
  if type(t) == "function" then
    if c <= 7 then local n = 1; debug.setupvalue(t, rnd(2), value(pool)) return end
    if debug.getupvalue(t, 1) == "a" and debug.getinfo(t, "u").nparams == 2 then t(value(pool), scalar()) end
    return
  end
  if not plain(t) then return end
  if c <= 6 then rawset(t, scalar(), value(pool))
  elseif c == 7 then local k = next(t); if k ~= nil then t[k] = nil end
  elseif c == 8 then setmetatable(t, nil)
  elseif c == 9 then
    local m = pool[rnd(#pool)]
    if plain(m) then setmetatable(t, m) end
  elseif c == 10 then rawset(t, #t + 1, value(pool))
  elseif c == 11 then rawset(t, rnd(20), nil)
  elseif c == 12 then for k in next, t do if rnd(3) == 1 then rawset(t, k, nil) end end
  elseif c == 13 then for i = 1, rnd(40) do rawset(t, i, i) end
  else local k = next(t); if k ~= nil then rawset(t, k, value(pool)) end end
end

Memory.g = Memory.g or {}
local pool = {Memory.g}
for i = 1, 300 do mutate(pool); if rnd(30) == 1 then pcall(ext.flush) end end
--- restart

local libnames = {[print] = "print", [math.sin] = "sin", [string] = "string", [_G] = "_G", [pairs] = "pairs"}
local function describe(root)  -- shape and sharing as a text; no recursion
  local seen, n, queue, parts = {}, 0, {}, {}
  local function ref(v)
    local t = math.type(v) or type(v)
    if v == nil or t == "boolean" then return tostring(v) end
    if t == "integer" then return "i" .. v end
    if t == "float" then return "f" .. string.format("%a", v) end
    if t == "string" then return string.format("%q", v) end
    if libnames[v] then return "L" .. libnames[v] end
    if not seen[v] then n = n + 1; seen[v] = n; queue[n] = v end
    return t .. seen[v]
  end
  ref(root)
  local i = 0
  while i < n do
    i = i + 1
    local v = queue[i]
    local list = {}
    if type(v) == "table" then
      for k, x in next, v do list[#list + 1] = {ref(k), k} end
      table.sort(list, function(a, b) return a[1] < b[1] end)
      for j, e in ipairs(list) do list[j] = e[1] .. "=" .. ref(rawget(v, e[2])) end
      local mt = debug.getmetatable(v)
      if mt then list[#list + 1] = "meta=" .. ref(mt) end
    elseif type(v) == "function" then
      local u = 1
      while debug.getupvalue(v, u) do
        local name, x = debug.getupvalue(v, u)
        local id = debug.upvalueid(v, u)
        if not seen[id] then n = n + 1; seen[id] = n; queue[n] = false end
        list[#list + 1] = name .. "#" .. seen[id] .. "=" .. ref(x)
        u = u + 1
      end
    end
    parts[#parts + 1] = i .. "{" .. table.concat(list, ",") .. "}"
  end
  return table.concat(parts, "\n")
end
describe(Memory)
--- restart
--- may-fail
--- fail-writes: 2 292
-- Instances whose store fails and that then die: the next one opens what is there, all of it.
local SEED = 4105

local state = SEED
local function rnd(n)  -- 1..n, the same on every machine
  state = (state * 1103515245 + 12345) & 0x7fffffff
  return (state >> 8) % n + 1
end

local function scalar()
  local c = rnd(9)
  if c == 1 then return rnd(1000) elseif c == 2 then return rnd(1000) + 0.0
  elseif c == 3 then return "s" .. rnd(50) elseif c == 4 then return rnd(2) == 1
  elseif c == 5 then return string.rep("\0x\255", rnd(30)) elseif c == 6 then return -rnd(1000000) << 20
  elseif c == 7 then return 1 / rnd(7) elseif c == 8 then return math.mininteger + rnd(9)
  else return "key " .. rnd(9) end
end
local function shared(a, b)  -- two functions over two common upvalues
  return function() return a, b end, function(x, y) a, b = x, y end
end
local function object(pool)
  local c = rnd(10)
  if c <= 6 or #pool == 0 then
    local t = {}
    pool[#pool + 1] = t
    return t
  elseif c == 7 then
    local f, g = shared(pool[rnd(#pool)], scalar())
    pool[#pool + 1] = f; pool[#pool + 1] = g
    return f
  elseif c == 8 then
    local lib = {print, math.sin, string, _G, pairs}
    return lib[rnd(#lib)]
  else
    return pool[rnd(#pool)]
  end
end
local function value(pool)
  if rnd(3) == 1 then return object(pool) end
  return scalar()
end
local function plain(t) return type(t) == "table" and t ~= string and t ~= _G end
local function mutate(pool)
  local t = pool[rnd(#pool)]
  local c = rnd(14)
  if type(t) == "function" then
    if c <= 7 then local n = 1; debug.setupvalue(t, rnd(2), value(pool)) return end
    if debug.getupvalue(t, 1) == "a" and debug.getinfo(t, "u").nparams == 2 then t(value(pool), scalar()) end
    return
  end
  if not plain(t) then return end
  if c <= 6 then rawset(t, scalar(), value(pool))
  elseif c == 7 then local k = next(t); if k ~= nil then t[k] = nil end
  elseif c == 8 then setmetatable(t, nil)
  elseif c == 9 then
    local m = pool[rnd(#pool)]
    if plain(m) then setmetatable(t, m) end
  elseif c == 10 then rawset(t, #t + 1, value(pool))
  elseif c == 11 then rawset(t, rnd(20), nil)
  elseif c == 12 then for k in next, t do if rnd(3) == 1 then rawset(t, k, nil) end end
  elseif c == 13 then for i = 1, rnd(40) do rawset(t, i, i) end
  else local k = next(t); if k ~= nil then rawset(t, k, value(pool)) end end
end

Memory.g = Memory.g or {}
local pool = {Memory.g}
for i = 1, 300 do mutate(pool); if rnd(30) == 1 then pcall(ext.flush) end end
--- restart

local libnames = {[print] = "print", [math.sin] = "sin", [string] = "string", [_G] = "_G", [pairs] = "pairs"}
local function describe(root)  -- shape and sharing as a text; no recursion
  local seen, n, queue, parts = {}, 0, {}, {}
  local function ref(v)
    local t = math.type(v) or type(v)
    if v == nil or t == "boolean" then return tostring(v) end
    if t == "integer" then return "i" .. v end
    if t == "float" then return "f" .. string.format("%a", v) end
    if t == "string" then return string.format("%q", v) end
    if libnames[v] then return "L" .. libnames[v] end
    if not seen[v] then n = n + 1; seen[v] = n; queue[n] = v end
    return t .. seen[v]
  end
  ref(root)
  local i = 0
  while i < n do
    i = i + 1
    local v = queue[i]
    local list = {}
    if type(v) == "table" then
      for k, x in next, v do list[#list + 1] = {ref(k), k} end
      table.sort(list, function(a, b) return a[1] < b[1] end)
      for j, e in ipairs(list) do list[j] = e[1] .. "=" .. ref(rawget(v, e[2])) end
      local mt = debug.getmetatable(v)
      if mt then list[#list + 1] = "meta=" .. ref(mt) end
    elseif type(v) == "function" then
      local u = 1
      while debug.getupvalue(v, u) do
        local name, x = debug.getupvalue(v, u)
        local id = debug.upvalueid(v, u)
        if not seen[id] then n = n + 1; seen[id] = n; queue[n] = false end
        list[#list + 1] = name .. "#" .. seen[id] .. "=" .. ref(x)
        u = u + 1
      end
    end
    parts[#parts + 1] = i .. "{" .. table.concat(list, ",") .. "}"
  end
  return table.concat(parts, "\n")
end
describe(Memory)
--- restart
--- may-fail
--- fail-writes: 2 293
-- Instances whose store fails and that then die: the next one opens what is there, all of it.
local SEED = 4106

local state = SEED
local function rnd(n)  -- 1..n, the same on every machine
  state = (state * 1103515245 + 12345) & 0x7fffffff
  return (state >> 8) % n + 1
end

local function scalar()
  local c = rnd(9)
  if c == 1 then return rnd(1000) elseif c == 2 then return rnd(1000) + 0.0
  elseif c == 3 then return "s" .. rnd(50) elseif c == 4 then return rnd(2) == 1
  elseif c == 5 then return string.rep("\0x\255", rnd(30)) elseif c == 6 then return -rnd(1000000) << 20
  elseif c == 7 then return 1 / rnd(7) elseif c == 8 then return math.mininteger + rnd(9)
  else return "key " .. rnd(9) end
end
local function shared(a, b)  -- two functions over two common upvalues
  return function() return a, b end, function(x, y) a, b = x, y end
end
local function object(pool)
  local c = rnd(10)
  if c <= 6 or #pool == 0 then
    local t = {}
    pool[#pool + 1] = t
    return t
  elseif c == 7 then
    local f, g = shared(pool[rnd(#pool)], scalar())
    pool[#pool + 1] = f; pool[#pool + 1] = g
    return f
  elseif c == 8 then
    local lib = {print, math.sin, string, _G, pairs}
    return lib[rnd(#lib)]
  else
    return pool[rnd(#pool)]
  end
end
local function value(pool)
  if rnd(3) == 1 then return object(pool) end
  return scalar()
end
local function plain(t) return type(t) == "table" and t ~= string and t ~= _G end
local function mutate(pool)
  local t = pool[rnd(#pool)]
  local c = rnd(14)
  if type(t) == "function" then
    if c <= 7 then local n = 1; debug.setupvalue(t, rnd(2), value(pool)) return end
    if debug.getupvalue(t, 1) == "a" and debug.getinfo(t, "u").nparams == 2 then t(value(pool), scalar()) end
    return
  end
  if not plain(t) then return end
  if c <= 6 then rawset(t, scalar(), value(pool))
  elseif c == 7 then local k = next(t); if k ~= nil then t[k] = nil end
  elseif c == 8 then setmetatable(t, nil)
  elseif c == 9 then
    local m = pool[rnd(#pool)]
    if plain(m) then setmetatable(t, m) end
  elseif c == 10 then rawset(t, #t + 1, value(pool))
  elseif c == 11 then rawset(t, rnd(20), nil)
  elseif c == 12 then for k in next, t do if rnd(3) == 1 then rawset(t, k, nil) end end
  elseif c == 13 then for i = 1, rnd(40) do rawset(t, i, i) end
  else local k = next(t); if k ~= nil then rawset(t, k, value(pool)) end end
end

Memory.g = Memory.g or {}
local pool = {Memory.g}
for i = 1, 300 do mutate(pool); if rnd(30) == 1 then pcall(ext.flush) end end
--- restart

local libnames = {[print] = "print", [math.sin] = "sin", [string] = "string", [_G] = "_G", [pairs] = "pairs"}
local function describe(root)  -- shape and sharing as a text; no recursion
  local seen, n, queue, parts = {}, 0, {}, {}
  local function ref(v)
    local t = math.type(v) or type(v)
    if v == nil or t == "boolean" then return tostring(v) end
    if t == "integer" then return "i" .. v end
    if t == "float" then return "f" .. string.format("%a", v) end
    if t == "string" then return string.format("%q", v) end
    if libnames[v] then return "L" .. libnames[v] end
    if not seen[v] then n = n + 1; seen[v] = n; queue[n] = v end
    return t .. seen[v]
  end
  ref(root)
  local i = 0
  while i < n do
    i = i + 1
    local v = queue[i]
    local list = {}
    if type(v) == "table" then
      for k, x in next, v do list[#list + 1] = {ref(k), k} end
      table.sort(list, function(a, b) return a[1] < b[1] end)
      for j, e in ipairs(list) do list[j] = e[1] .. "=" .. ref(rawget(v, e[2])) end
      local mt = debug.getmetatable(v)
      if mt then list[#list + 1] = "meta=" .. ref(mt) end
    elseif type(v) == "function" then
      local u = 1
      while debug.getupvalue(v, u) do
        local name, x = debug.getupvalue(v, u)
        local id = debug.upvalueid(v, u)
        if not seen[id] then n = n + 1; seen[id] = n; queue[n] = false end
        list[#list + 1] = name .. "#" .. seen[id] .. "=" .. ref(x)
        u = u + 1
      end
    end
    parts[#parts + 1] = i .. "{" .. table.concat(list, ",") .. "}"
  end
  return table.concat(parts, "\n")
end
describe(Memory)
--- restart
--- may-fail
--- fail-writes: 2 294
-- Instances whose store fails and that then die: the next one opens what is there, all of it.
local SEED = 4107

local state = SEED
local function rnd(n)  -- 1..n, the same on every machine
  state = (state * 1103515245 + 12345) & 0x7fffffff
  return (state >> 8) % n + 1
end

local function scalar()
  local c = rnd(9)
  if c == 1 then return rnd(1000) elseif c == 2 then return rnd(1000) + 0.0
  elseif c == 3 then return "s" .. rnd(50) elseif c == 4 then return rnd(2) == 1
  elseif c == 5 then return string.rep("\0x\255", rnd(30)) elseif c == 6 then return -rnd(1000000) << 20
  elseif c == 7 then return 1 / rnd(7) elseif c == 8 then return math.mininteger + rnd(9)
  else return "key " .. rnd(9) end
end
local function shared(a, b)  -- two functions over two common upvalues
  return function() return a, b end, function(x, y) a, b = x, y end
end
local function object(pool)
  local c = rnd(10)
  if c <= 6 or #pool == 0 then
    local t = {}
    pool[#pool + 1] = t
    return t
  elseif c == 7 then
    local f, g = shared(pool[rnd(#pool)], scalar())
    pool[#pool + 1] = f; pool[#pool + 1] = g
    return f
  elseif c == 8 then
    local lib = {print, math.sin, string, _G, pairs}
    return lib[rnd(#lib)]
  else
    return pool[rnd(#pool)]
  end
end
local function value(pool)
  if rnd(3) == 1 then return object(pool) end
  return scalar()
end
local function plain(t) return type(t) == "table" and t ~= string and t ~= _G end
local function mutate(pool)
  local t = pool[rnd(#pool)]
  local c = rnd(14)
  if type(t) == "function" then
    if c <= 7 then local n = 1; debug.setupvalue(t, rnd(2), value(pool)) return end
    if debug.getupvalue(t, 1) == "a" and debug.getinfo(t, "u").nparams == 2 then t(value(pool), scalar()) end
    return
  end
  if not plain(t) then return end
  if c <= 6 then rawset(t, scalar(), value(pool))
  elseif c == 7 then local k = next(t); if k ~= nil then t[k] = nil end
  elseif c == 8 then setmetatable(t, nil)
  elseif c == 9 then
    local m = pool[rnd(#pool)]
    if plain(m) then setmetatable(t, m) end
  elseif c == 10 then rawset(t, #t + 1, value(pool))
  elseif c == 11 then rawset(t, rnd(20), nil)
  elseif c == 12 then for k in next, t do if rnd(3) == 1 then rawset(t, k, nil) end end
  elseif c == 13 then for i = 1, rnd(40) do rawset(t, i, i) end
  else local k = next(t); if k ~= nil then rawset(t, k, value(pool)) end end
end

Memory.g = Memory.g or {}
local pool = {Memory.g}
for i = 1, 300 do mutate(pool); if rnd(30) == 1 then pcall(ext.flush) end end
--- restart

local libnames = {[print] = "print", [math.sin] = "sin", [string] = "string", [_G] = "_G", [pairs] = "pairs"}
local function describe(root)  -- shape and sharing as a text; no recursion
  local seen, n, queue, parts = {}, 0, {}, {}
  local function ref(v)
    local t = math.type(v) or type(v)
    if v == nil or t == "boolean" then return tostring(v) end
    if t == "integer" then return "i" .. v end
    if t == "float" then return "f" .. string.format("%a", v) end
    if t == "string" then return string.format("%q", v) end
    if libnames[v] then return "L" .. libnames[v] end
    if not seen[v] then n = n + 1; seen[v] = n; queue[n] = v end
    return t .. seen[v]
  end
  ref(root)
  local i = 0
  while i < n do
    i = i + 1
    local v = queue[i]
    local list = {}
    if type(v) == "table" then
      for k, x in next, v do list[#list + 1] = {ref(k), k} end
      table.sort(list, function(a, b) return a[1] < b[1] end)
      for j, e in ipairs(list) do list[j] = e[1] .. "=" .. ref(rawget(v, e[2])) end
      local mt = debug.getmetatable(v)
      if mt then list[#list + 1] = "meta=" .. ref(mt) end
    elseif type(v) == "function" then
      local u = 1
      while debug.getupvalue(v, u) do
        local name, x = debug.getupvalue(v, u)
        local id = debug.upvalueid(v, u)
        if not seen[id] then n = n + 1; seen[id] = n; queue[n] = false end
        list[#list + 1] = name .. "#" .. seen[id] .. "=" .. ref(x)
        u = u + 1
      end
    end
    parts[#parts + 1] = i .. "{" .. table.concat(list, ",") .. "}"
  end
  return table.concat(parts, "\n")
end
describe(Memory)
