-- What plain source could do to the interpreter's memory through 'debug':
-- each of these wrote or read through a wrong pointer in upstream Lua.

-- calls f(index, name, value) for the locals of the function at that level
local function eachlocal(level, f)
  local i = 1
  while true do
    local n, v = debug.getlocal(level + 1, i)
    if not n then break end
    f(i, n, v)
    i = i + 1
  end
end

-- sets those among them for which 'choose' says so; returns how many
local function setlocals(level, choose, new)
  local count, i = 0, 1
  while true do
    local n, v = debug.getlocal(level + 1, i)
    if not n then return count end
    if choose(n, v, count) then
      count = count + 1
      debug.setlocal(level + 1, i, new)
    end
    i = i + 1
  end
end

local function temporary(n) return n:find("temporary") end
local function tempstable(n, v) return temporary(n) and type(v) == "table" end
local function forstate(n) return n:find("for state") end

do  -- a constructor's table replaced by something else while it is filled
  local values = {nil, true, 1, 1.5, "s", type, function() end, coroutine.create(type)}
  for i = 1, 9 do
    local v = values[i]
    local function change()
      assert(setlocals(2, tempstable, v) == 1)
      return 1, 2, 3
    end
    local ok, msg = pcall(function() local t = {1, 2, change()}; return t end)
    assert(not ok and msg:find("table of a constructor was replaced"), msg)
    ok, msg = pcall(function() local t = {change(), 2, 3}; return t end)
    assert(not ok and msg:find("table of a constructor was replaced"), msg)
    ok, msg = pcall(function(...) local t = {(change()), ...}; return t end, 1, 2)
    assert(not ok and msg:find("table of a constructor was replaced"), msg)
  end
  -- by another table: that one is filled
  local other = {}
  local function change()
    assert(setlocals(2, tempstable, other) == 1)
    return 3, 4, 5
  end
  pcall(function() local t = {1, 2, change()}; return t end)
  collectgarbage()
  assert(other[3] == 3 and other[5] == 5)
end

do  -- loop state of all kinds of loops
  local values = {{}, "text", type, true, 1.5, 1 << 40, coroutine.create(type)}
  local total = 0
  local function scramble(v, n)
    local i = 0
    local count = setlocals(2, function(name)
      if not forstate(name) then return false end
      i = i + 1
      return n == 0 or i == n
    end, v)
    return count  -- (a tail call would lose a level)
  end
  for _, v in ipairs(values) do
    for n = 0, 4 do
      for _, step in ipairs{1, -1, 1.5} do
        pcall(function()
          local count, found = 0, 0
          for i = (step < 0 and 10 or 1), (step < 0 and 1 or 10), step do
            count = count + 1
            if count == 2 then found = scramble(v, n) end
            -- what the loop holds now must be values, not forged pointers
            eachlocal(1, function(_, _, x) local s = tostring(x) end)
            if count > 20 then break end
          end
          total = total + found
        end)
        collectgarbage()
      end
      pcall(function()
        local count = 0
        for k, x in pairs({1, 2, 3, 4}) do
          count = count + 1
          total = total + scramble(v, n)
          if count > 20 then break end
        end
      end)
      collectgarbage()
    end
  end
  assert(total > 100)
end

do  -- a to-be-closed variable replaced
  local closed
  local function f()
    local a <close> = setmetatable({}, {__close = function() closed = true end})
    assert(setlocals(1, function(n) return n == "a" end, 42) == 1)
    return 1
  end
  local ok, msg = pcall(f)
  assert(not ok and not closed)
  local function g()
    for k in next, {1, 2}, nil, setmetatable({}, {__close = function() end}) do
      assert(setlocals(1, forstate, nil) > 0)
      break
    end
    return 2
  end
  pcall(g)
  collectgarbage()
end

do  -- temporaries of calls, concatenations and comparisons
  local function wreck(v)
    return function(...)
      setlocals(2, temporary, v)
      return 1
    end
  end
  for _, v in ipairs{{}, 1, "s", type, true} do
    local w = wreck(v)
    local o = setmetatable({}, {__concat = w, __add = w, __index = w, __newindex = w,
      __eq = w, __lt = w, __le = w, __len = w, __unm = w, __call = w, __close = w})
    local p = setmetatable({}, getmetatable(o))
    pcall(function() return "a" .. "b" .. o .. "c" .. o .. 1 end)
    pcall(function() return select(1, 2, w(), {w()}, o + o, -o, #o) end)
    pcall(function() return math.max(1, 2, w(), w()) end)
    pcall(function() return o == p, o < p, o <= p, o.x, o(w()) end)
    pcall(function() o.x = w(); o[1] = {w(), w(), o.y} end)
    pcall(function() local c <close> = o; return w(), w(), {w()} end)
    collectgarbage()
  end
end

do  -- C functions keep pointers into their slots: those can't be changed
  local s = ("x"):rep(100) .. os.time()
  local seen = 0
  local r = string.gsub(s, ".", function(c)
    for i = 1, 20 do
      local n = debug.getlocal(2, i)
      if n then
        seen = seen + 1
        assert(debug.setlocal(2, i, nil) == nil)
      end
    end
    collectgarbage()
    return c .. c
  end)
  assert(seen > 0 and #r == 2 * #s)
  local t = {5, 3, 1, 4, 2}
  table.sort(t, function(a, b)
    for i = 1, 10 do debug.setlocal(2, i, nil) end
    return a < b
  end)
  assert(table.concat(t) == "12345")
  local parts = {"x = ", "1 ", "return x"}
  local i = 0
  local f = load(function()
    i = i + 1
    for j = 1, 10 do debug.setlocal(2, j, nil) end
    collectgarbage()
    return parts[i]
  end)
  local env = _G.x
  assert(f() == 1)
  _G.x = env
  local co = coroutine.create(function() return pcall(coroutine.yield, 1) end)
  coroutine.resume(co)
  for level = 0, 3 do
    for j = 1, 5 do pcall(debug.setlocal, co, level, j, 99) end
  end
  collectgarbage()
  coroutine.resume(co)
  -- reading works as ever
  local n, v = debug.getlocal(0, 1)
  assert(v == 0 and n:find("C temporary"))
end

-- a full userdata (one without a metatable would be no box)
local function isbox(v) return type(v) == "userdata" and debug.getmetatable(v) end

do  -- a string buffer's box can't be got at, so not freed under its user
  local big = ("y"):rep(5000)
  local out = string.gsub("abc", ".", function()
    for i = 1, 30 do
      local n, v = debug.getlocal(2, i)
      assert(not isbox(v))
    end
    return big
  end)
  assert(out == big:rep(3))
  local t = setmetatable({}, {__len = function() return 3 end, __index = function()
    eachlocal(1, function(_, _, v) assert(not isbox(v)) end)
    eachlocal(2, function(_, _, v) assert(not isbox(v)) end)
    return big
  end})
  assert(table.concat(t) == big:rep(3))
end

do  -- upvalues of C functions
  local it = string.gmatch(("ab "):rep(3), "%w+")
  for i = 1, 5 do
    assert(debug.setupvalue(it, i, nil) == nil)
    local _, v = debug.getupvalue(it, i)
    assert(type(v) ~= "userdata")
  end
  collectgarbage()
  assert(it() == "ab" and it() == "ab" and it() == "ab" and it() == nil)
  local w = coroutine.wrap(function() coroutine.yield(1) return 2 end)
  assert(debug.setupvalue(w, 1, nil) == nil)
  assert(w() == 1 and w() == 2)
  -- those of Lua functions can be changed as ever
  local up = 1
  local function f() return up end
  assert(debug.setupvalue(f, 1, 2) == "up" and f() == 2)
end

do  -- a userdata is what it was made as
  if io and io.stdout then
    assert(not pcall(debug.setmetatable, io.stdout, nil))
    assert(not pcall(debug.setmetatable, io.stdout, {}))
  end
  assert(debug.setmetatable(10, nil) == 10)
end

do  -- the registry without its array part
  local r = debug.getregistry()
  local one, two, three, G = r[1], r[2], r[3], _G
  local load, pairs, pcall = load, pairs, pcall
  local keys = {}
  for i = 1, 3 do r[i] = nil end
  for i = 1, 100 do keys[i] = {}; r[keys[i]] = true end
  local ok, f = pcall(load, "return 1")
  r[1], r[2], r[3] = one, two, three
  for i = 1, 100 do r[keys[i]] = nil end
  assert(load("return _ENV")() == G)
end

do  -- C functions trust the registry, and what they tell userdata by
  local r = debug.getregistry()
  assert(r ~= debug.getregistry() and r[2] == _G)
  for k, v in pairs(r) do
    assert(type(k) ~= "userdata" and not (type(v) == "table" and rawget(v, "__name")), tostring(k))
  end
  if io and io.stdout then
    r["FILE*"] = {}
    assert(io.type(io.stdout) == "file")
    -- a string buffer's function that frees it, which takes a userdata, shows in a hook
    local seen = {}
    debug.sethook(function ()
      local info = debug.getinfo(2, "fS")
      if info.what == "C" then seen[info.func] = true end
    end, "c")
    local text = table.concat({("x"):rep(3000), ("y"):rep(3000)}):upper()
    debug.sethook()
    assert(#text == 6000)
    for f in pairs(seen) do
      if f ~= debug.sethook then pcall(f, io.stdout) end
    end
    assert(io.type(io.stdout) == "file" and io.stdout:write("") == io.stdout)
  end
end

if _VERSION == "Lua 5.5" then  -- the table of a named vararg
  local f = assert(load([[
    local wreck = ...
    return function(...t)
      wreck(t)
      return t.n, t[1], ...
    end]]))
  local bad = f(function(t)
    assert(setlocals(2, function(_, v) return v == t end, 42) >= 1)
  end)
  local ok, msg = pcall(bad, 1, 2, 3)
  assert(not ok, "a replaced vararg table was used")
  local wrong = f(function(t) t.n = 1 << 40 end)
  ok, msg = pcall(wrong, 1, 2, 3)
  assert(not ok and msg:find("no proper 'n'"), msg)
  wrong = f(function(t) t.n = "x" end)
  assert(not pcall(wrong, 1, 2, 3))
end

return "ok", 1  -- the whole file as one check: it asserts without counting
