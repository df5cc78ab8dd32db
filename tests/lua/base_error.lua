-- error, pcall, xpcall: levels, objects, handlers, nesting, what survives.

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

-- levels
do
  local f = load([[
    local level = ...
    local function a () error("msg", level) end
    local function b () a() ; return 1 end
    b()
    return 2
  ]], "=lv")
  equal(select(2, pcall(f, 0)), "msg")
  equal(select(2, pcall(f, 1)), "lv:2: msg")
  equal(select(2, pcall(f, nil)), "lv:2: msg")
  equal(select(2, pcall(f, 2)), "lv:3: msg")
  equal(select(2, pcall(f, 3)), "lv:4: msg")
  equal(select(2, pcall(f, 4)), "msg")            -- pcall: a C function has no line
  equal(select(2, pcall(f, 100)), "msg")
  equal(select(2, pcall(f, -1)), "msg")
end
equal(select(2, pcall(error, "m", 1)), "m")
equal(select(2, pcall(error, "m", 2)):match("m$"), "m")
-- no position is added to what is no string
for _, v in ipairs {1, 2.5, true, false, {}, print} do
  local ok, e = pcall(error, v)
  equal(ok, false); equal(e, v)
  ok, e = pcall(function () error(v, 1) end)
  equal(e, v)
end
do
  local ok, e = pcall(function () error() end)
  equal(ok, false)
  if _VERSION == "Lua 5.5" then equal(e, "<no error object>") else equal(e, nil) end
  ok, e = pcall(function () error(5) end)
  equal(e, 5)
end

-- pcall
equal(show(pcall(function (...) return ... end, 1, nil, 3)), "true 1 nil 3")
equal(show(pcall(function () end)), "true")
equal(select("#", pcall(function () return nil end)), 2)
equal(show(pcall(pcall, error, "x")), "true false x")
equal(show(pcall(error)), _VERSION == "Lua 5.5" and "false <no error object>" or "false nil")
equal(show(pcall(nil)), "false attempt to call a nil value")
raises("bad argument #1 to 'pcall' (value expected)", pcall)
do
  local t = {}
  for i = 1, 250 do t[i] = i end
  equal(select("#", pcall(function (...) return ... end, table.unpack(t))), 251)
end
-- locals and upvalues keep what was assigned before the error
do
  local x = 0
  local ok = pcall(function () x = 1; error("e"); x = 2 end)
  equal(x, 1)
  local t = {}
  pcall(function () for i = 1, 10 do t[i] = i; if i == 5 then error() end end end)
  equal(#t, 5)
end
-- an error in an argument, an operand, a loop's limit, a condition
do
  local function bad () error("B", 0) end
  for _, f in ipairs {
    function () return print(bad()) end, function () return 1 + bad() end, function () for i = 1, bad() do end end,
    function () if bad() then end end, function () while bad() do end end, function () repeat until bad() end,
    function () return {bad()} end, function () return {[bad()] = 1} end, function () local t = {}; t[bad()] = 1 end,
    function () return "x" .. bad() end, function () return #bad() end, function () return not bad() end,
    function () for k in bad() do end end, function () return bad()() end, function () return (bad()) end,
    function () local a <const> = bad() end, function () return bad() and 1 or 2 end, function () bad().x = 1 end,
  } do
    equal(show(pcall(f)), "false B")
  end
end

-- xpcall
equal(show(xpcall(function (...) return select("#", ...), ... end, print, 1, nil)), "true 2 1 nil")
equal(show(xpcall(error, function (m) return m .. "!", "dropped" end, "e")), "false e!")
equal(show(xpcall(error, function () end, "e")), _VERSION == "Lua 5.5" and "false <no error object>" or "false nil")
equal(show(xpcall(nil, function (m) return "H " .. m end)), "false H attempt to call a nil value")
do
  local ok, tb = xpcall(load("local function f () error('E') end\nf()", "=xp"), debug.traceback)
  check(tb:find("^xp:1: E\nstack traceback:\n\t%[C%]: in "))
  check(tb:find("\n\txp:2: in main chunk\n", 1, true))
  local lines
  xpcall(load("local a = 1\nlocal b = a.x.y", "=xq"), function () lines = debug.getinfo(2, "l").currentline end)
  equal(lines, 2)
  -- locals of the failing function can be seen from the handler
  local name, value
  xpcall(function () local secret = 42; local _ = nil .. "x" end, function () name, value = debug.getlocal(2, 1) end)
  equal(show(name, value), "secret 42")
end
-- the handler gets the object itself
do
  local t = {}
  local got
  xpcall(error, function (o) got = o end, t)
  equal(got, t)
end
-- errors in the handler: it is called again for them; endless ones end as a status of their own
do
  local n = 0
  local ok, e = xpcall(error, function (m) n = n + 1; if n < 5 then error("again", 0) end return "at last " .. m end, "first")
  equal(show(ok, e, n), "false at last again 5")
  ok, e = xpcall(error, function (m) error(m, 0) end, "loop")
  equal(ok, false); equal(type(e), "string")
  ok, e = xpcall(error, error, "x")
  equal(ok, false)
end
raises("bad argument #2 to 'xpcall' (function expected, got no value)", xpcall, print)
raises("bad argument #2 to 'xpcall' (function expected, got nil)", xpcall, print, nil)
-- no handler runs for errors that an inner pcall takes
do
  local n = 0
  equal(show(xpcall(function () pcall(error, "inner"); return "fine" end, function () n = n + 1 end)), "true fine")
  equal(n, 0)
  -- nested xpcalls: the innermost handler is used
  local outer, inner = 0, 0
  xpcall(function ()
    xpcall(error, function () inner = inner + 1 end, "a")
    error("b")
  end, function () outer = outer + 1 end)
  equal(show(outer, inner), "1 1")
end

-- many errors, in a row and nested, in loops with other work between them
do
  local n = 0
  for i = 1, 20000 do
    local ok, e = pcall(error, i)
    if not ok then n = n + e end
  end
  equal(n, 20000 * 20001 // 2)
  local function rec (d)
    local ok, e = pcall(function ()
      if d == 0 then error("bottom", 0) end
      rec(d - 1)
    end)
    if not ok then error(e .. "<" .. d, 0) end
  end
  equal(select(2, pcall(rec, 5)), "bottom<0<1<2<3<4<5")
  n = 0
  for i = 1, 3000 do
    if not pcall(function () local t = {}; t.x.y = i end) then n = n + 1 end
    if pcall(function () return i + 1 end) then n = n + 1 end
    if not pcall(assert, i < 0) then n = n + 1 end
    if not pcall(string.rep) then n = n + 1 end
  end
  equal(n, 12000)
end
-- error through C functions: sort, gsub, load readers, tostring
raises("in sort", table.sort, {3, 1, 2}, function () error("in sort") end)
raises("in gsub", string.gsub, "abc", ".", function () error("in gsub") end)
raises("in tostring", tostring, setmetatable({}, {__tostring = function () error("in tostring") end}))
do
  -- (in a pcall of its own, since load leaves the caller's message handler in place)
  local ok, f, e = pcall(load, function () error("in reader", 0) end)
  equal(ok, true); equal(f, nil); equal(e, "in reader")
end
-- an error message that is very long arrives whole
equal(#select(2, pcall(error, string.rep("x", 100000), 0)), 100000)

return "ok", checks
