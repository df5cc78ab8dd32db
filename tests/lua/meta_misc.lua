-- __metatable, __pairs, __len in libraries, __name, userdata, setmetatable's checks, positions.

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

-- __metatable
do
  local t = setmetatable({}, {__metatable = "locked"})
  equal(getmetatable(t), "locked")
  raises("cannot change a protected metatable", setmetatable, t, {})
  raises("cannot change a protected metatable", setmetatable, t, nil)
  equal(type(debug.getmetatable(t)), "table")
  debug.setmetatable(t, nil)
  equal(getmetatable(t), nil)
  equal(getmetatable(setmetatable({}, {__metatable = false})), false)
  raises("cannot change a protected metatable", setmetatable, setmetatable({}, {__metatable = false}), {})
  equal(getmetatable("x").__index, string)
  getmetatable("x").__metatable = "strings"
  equal(getmetatable("y"), "strings")
  debug.getmetatable("x").__metatable = nil
  equal(getmetatable("y").__index, string)
end
-- setmetatable and getmetatable
do
  local t, mt = {}, {}
  equal(setmetatable(t, mt), t)
  equal(getmetatable(t), mt)
  equal(setmetatable(t, nil), t)
  equal(getmetatable(t), nil)
  for _, v in ipairs {1, 1.5, true, print, coroutine.create(print)} do equal(getmetatable(v), nil) end
  equal(getmetatable(nil), nil)
  raises("bad argument #1 to 'setmetatable' (table expected, got string)", setmetatable, "x", {})
  raises("bad argument #1 to 'setmetatable' (table expected, got no value)", setmetatable)
  raises("bad argument #2 to 'setmetatable' (nil or table expected, got no value)", setmetatable, {})
  raises("bad argument #2 to 'setmetatable' (nil or table expected, got number)", setmetatable, {}, 1)
  raises("bad argument #1 to 'getmetatable' (value expected)", getmetatable)
  setmetatable(mt, mt); setmetatable(t, mt)      -- its own metatable
  equal(getmetatable(getmetatable(getmetatable(t))), mt)
end
-- __pairs
do
  local t = setmetatable({1, 2}, {__pairs = function (self, ...)
    equal(select("#", ...), 0)
    return function (s, k) if not k then return "only", s end end, "state", nil, "fourth"
  end})
  local n = 0
  for k, v in function (s, k) if not k then return "only", s end end, "state" do n = n + 1; equal(k, "only"); equal(v, "state") end
  equal(n, 1)
  equal(select("#", pairs(t)), _VERSION == "Lua 5.5" and 4 or 3)
  equal(select("#", pairs(setmetatable({}, {__pairs = function () end}))), _VERSION == "Lua 5.5" and 4 or 3)
  equal(select("#", pairs({})), _VERSION == "Lua 5.5" and 4 or 3)
  equal((pairs({})), next)
  equal(next(t), 1)                              -- next is raw
  raises("attempt to call a number value", pairs, setmetatable({}, {__pairs = 1}))
  equal((pairs(setmetatable({}, {__pairs = setmetatable({}, {__call = function () return 7 end})}))), 7)
end
-- __len, __index and __newindex in the libraries
do
  local t = setmetatable({}, {__len = function () return 3 end, __index = function (_, i) return i * 10 end})
  equal(table.concat(t, ","), "10,20,30")
  equal(show(table.unpack(t)), "10 20 30")
  local n = 0
  for i, v in ipairs(setmetatable({}, {__index = function (_, i) if i <= 3 then return i * 10 end end})) do n = n + v end
  equal(n, 60)
  raises("object length is not an integer", table.unpack, setmetatable({}, {__len = function () return "x" end}))
  raises("object length is not an integer", table.insert, setmetatable({}, {__len = function () return 1.5 end}), 1)
  raises("attempt to call a number value", function () return #setmetatable({}, {__len = 5}) end)
  equal(#setmetatable({}, {__len = function () return "any value" end}), "any value")
  equal(select("#", #setmetatable({}, {__len = function () return 1, 2 end})), 1)
  equal(rawlen(setmetatable({1, 2}, {__len = function () return 9 end})), 2)
end
-- __name
do
  local o = setmetatable({}, {__name = "Widget"})
  check(tostring(o):find("^Widget: "))
  raises("bad argument #1 to 'string.len' (string expected, got Widget)", string.len, o)
end
-- userdata: files have a metatable of their own
do
  local f = io.stdout
  equal(type(f), "userdata")
  equal(getmetatable(f).__name, "FILE*")
  equal(getmetatable(f).__index.write, f.write)
  raises("attempt to perform arithmetic on a FILE* value", function () return f + 1 end)
  raises("attempt to compare two FILE* values", function () return io.stdout < io.stderr end)
  equal(io.stdout == io.stderr, false); equal(io.stdout == io.stdout, true)
  raises("attempt to get length of a FILE* value", function () return #f end)
  raises("attempt to call a FILE* value", function () f() end)
  equal(f.nothing, nil)
  raises("attempt to index a FILE* value", function () f.x = 1 end)
end
-- metamethods are looked up without metamethods
do
  local mm = setmetatable({}, {__index = function (_, k) if k == "__add" then return function () return 1 end end end})
  raises("attempt to perform arithmetic on a table value", function () return setmetatable({}, mm) + 1 end)
  equal(tostring(setmetatable({}, setmetatable({}, {__index = {__tostring = function () return "x" end}}))):sub(1, 6), "table:")
end
-- metamethods that raise keep their position
do
  local ok, e = pcall(load("local o = setmetatable({}, {__add = function ()\n error('bad add') end})\nreturn o + 1", "=mm"))
  equal(e, "mm:2: bad add")
  ok, e = pcall(load("local o = setmetatable({}, {__add = function ()\n error('bad add', 2) end})\n\nreturn o + 1", "=mm"))
  equal(e, "mm:4: bad add")
  ok, e = pcall(load("local o = setmetatable({}, {__index = function (_, k)\n error('no ' .. k, 2) end})\n\n\nreturn o.x", "=mm"))
  equal(e, "mm:5: no x")
end

return "ok", checks
