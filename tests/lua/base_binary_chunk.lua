-- string.dump and load of its result: either it works as upstream's, or the runtime refuses binary
-- chunks with one clear error. Corrupt ones are refused in any case.

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

local loads = pcall(function () assert(load(string.dump(function () end))) end)

-- dumping itself always works for Lua functions
local d = string.dump(function (a, b) return a + b end)
equal(type(d), "string"); equal(d:sub(1, 4), "\27Lua"); equal(d:byte(5), _VERSION == "Lua 5.5" and 0x55 or 0x54)
check(#string.dump(load("local a, b, c = 1, 2, 3\nreturn a + b + c"), true) < #string.dump(load("local a, b, c = 1, 2, 3\nreturn a + b + c")))
if _VERSION == "Lua 5.5" then
  for _, v in ipairs {print, coroutine.wrap(print), {}, 1} do
    raises("bad argument #1 to 'string.dump' (Lua function expected)", string.dump, v)
  end
else
  raises("unable to dump given function", string.dump, print)
  raises("unable to dump given function", string.dump, coroutine.wrap(print))
  raises("bad argument #1 to 'string.dump' (function expected, got table)", string.dump, {})
  raises("bad argument #1 to 'string.dump' (function expected, got no value)", string.dump)
end

if loads then
  equal(load(d)(3, 4), 7); equal(load(d, "x", "b")(1, 2), 3); equal(load(d, "x", "bt")(1, 2), 3)
  local up = 5      -- (an upvalue of a loaded function is a new one)
  equal(debug.getupvalue(load(string.dump(function () return up end)), 1), "up")
  equal(load(string.dump(load("x_dump = 1; return x_dump")), "n", "b", {})(), 1)
  for _, s in ipairs {"return 1, 2.5, 'str', nil, true, 1e100, 9223372036854775807", "local t = {} for i = 1, 10 do t[i] = i end return #t", "return function (...) return ... end",
      "local s = 0 for k, v in pairs {a = 1, b = 2} do s = s + v end return s", "goto l do return 1 end ::l:: return 2", "return ('x'):rep(300) .. [[" .. ("long"):rep(100) .. "]]"} do
    local plain, full, strip = load(s), load(string.dump(load(s))), load(string.dump(load(s), true))
    if type(plain()) ~= "function" then equal(show(full()), show(plain())); equal(show(strip()), show(plain())) end
  end
  local st = load(string.dump(load("\n\nerror('m')", "=c"), true))
  equal(select(2, pcall(st)), "m"); equal(select(2, pcall(load(string.dump(load("\n\nerror('m')", "=c"))))), "c:3: m")
  equal(load(function () local x = d; d = nil; return x end)(5, 6), 11); d = string.dump(function (a, b) return a + b end)
else
  -- the refusal: nil and a message, from text and from reader functions, whatever the mode
  for _, args in ipairs {{d}, {d, "=n"}, {d, "=n", "b"}, {d, "=n", "bt"}, {"\27"}, {"\27Lua", "=n", "b"}} do
    local f, e = load(table.unpack(args)); equal(f, nil); equal(type(e), "string"); check(#e > 0 and not e:find("\27", 1, true), e)
  end
  local piece = d
  local ok, f, e = pcall(load, function () local x = piece; piece = nil; return x end); equal(ok, true); equal(f, nil); equal(type(e), "string")
end
-- refused in any case
do local f, e = load(d, "=n", "t"); equal(f, nil); check(e:find("attempt to load a binary chunk (mode is 't')", 1, true), e) end
for _, bad in ipairs {"\27", "\27L", "\27Lua", "\27Lua\0", d:sub(1, 10), d:sub(1, 20), d:sub(1, -2), d:sub(1, #d // 2), "\27Lub" .. d:sub(5), d:sub(1, 4) .. "\1" .. d:sub(6), d:sub(1, 5) .. "\9" .. d:sub(7)} do
  local f, e = load(bad, "=bad", "b"); equal(f, nil); equal(type(e), "string")
  f, e = load(bad); equal(f, nil)
end
equal(load("return 1")(), 1)

return "ok", checks
