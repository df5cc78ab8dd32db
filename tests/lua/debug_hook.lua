-- debug.sethook and gethook: call, return, line and count events, tail calls, errors, nesting.

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

local function traced (mask, count, f, ...)
  local log = {}
  debug.sethook(function (ev, arg)
    local i = debug.getinfo(2, "Sl")
    if i.short_src == "h" or ev == "count" then log[#log + 1] = arg and ev .. arg or ev end
  end, mask, count)
  f(...)
  debug.sethook()
  return table.concat(log, " ")
end
local src = load([[
local function g (x)
  return x + 1
end
local function t (x) return g(x) end
local a = g(1)
local b = t(a)
return a + b]], "=h")

equal(debug.gethook(), nil)
equal(traced("c", 0, src), "call call call tail call")
equal(traced("r", 0, src), "return return return")
equal(traced("l", 0, src), "line3 line4 line5 line2 line6 line4 line2 line7")
equal(traced("crl", 0, src), "call line3 line4 line5 call line2 return line6 call line4 tail call line2 return line7 return")
equal(traced("", 0, src), "")
do
  local n = 0
  debug.sethook(function (ev) equal(ev, "count"); n = n + 1 end, "", 100)
  for i = 1, 10000 do end
  debug.sethook()
  check(n >= 90 and n <= 200, tostring(n))
  n = 0
  debug.sethook(function () n = n + 1 end, "", 1)
  local x = 1; x = x + 1; x = x + 1
  debug.sethook()
  check(n >= 4 and n <= 30, tostring(n))
end
do
  local h = function () end
  debug.sethook(h, "crl", 7)
  local f, mask, count = debug.gethook()
  debug.sethook()
  equal(f, h); equal(mask, "crl"); equal(count, 7)
  debug.sethook(h, "", 0); equal(debug.gethook(), nil)
  debug.sethook(nil, "l"); equal(debug.gethook(), nil)
  debug.sethook(h, "xyz"); equal(debug.gethook(), nil)
  raises("bad argument #1 to 'debug.sethook' (function expected, got number)", debug.sethook, 5, "l")
  raises("bad argument #2 to 'debug.sethook' (string expected, got no value)", debug.sethook, h)
end
-- line events in loops, branches, multi-line calls
local function lines (s) return (traced("l", 0, load(s, "=h")):gsub("line", "")) end
equal(lines("local a = 1\nlocal b = 2"), "1 2")
equal(lines("for i = 1, 3 do\nlocal x = i\nend"), "1 2 1 2 1 2 1 3")
equal(lines("local i = 0\nwhile i < 2 do\ni = i + 1\nend\nlocal x"), "1 2 3 2 3 2 5")
equal(lines("local i = 0\nrepeat\ni = i + 1\nuntil i == 2"), "1 3 4 3 4")
equal(lines("if false then\nlocal x = 1\nelse\nlocal y = 2\nend"), "1 4 5")
equal(lines("while true do break end"), "1")
equal(lines("goto l\n::l::\nlocal x = 1"), "1 3")
equal(lines("local x = 1 local y = 2\nlocal z = 3"), "1 2")
-- errors in hooks come out where the program stands; hooks do not nest
do
  local ok, e = pcall(function ()
    debug.sethook(function () debug.sethook(); error("stop", 0) end, "l")
    local x = 1
    return x
  end)
  debug.sethook()
  equal(ok, false); equal(e, "stop")
  local depth, max = 0, 0
  debug.sethook(function () depth = depth + 1; if depth > max then max = depth end
    local a = 1
    local b = 2
    depth = depth - 1 end, "l")
  local x = 1
  x = 2
  debug.sethook()
  equal(max, 1)
end
-- a hook that limits a runaway loop
do
  local function limited (f, n)
    local co = coroutine.create(f)
    debug.sethook(co, function () error("too long", 0) end, "", n)
    return coroutine.resume(co)
  end
  equal(show(limited(function () while true do end end, 10000)), "false too long")
  equal(show(limited(function () return "fine" end, 10000)), "true fine")
  equal(show(limited(function () local function f () return f() end return f() end, 10000)), "false too long")
  equal(show(limited(function () for i = 1, math.huge do end end, 10000)), "false too long")
  equal(show(limited(function () ::a:: goto a end, 10000)), "false too long")
end
-- getinfo and locals inside a hook
do
  local vals = {}
  debug.sethook(function (_, l)
    if debug.getinfo(2, "S").short_src == "h" then
      local n, v = debug.getlocal(2, 1)
      vals[#vals + 1] = l .. ":" .. tostring(n) .. "=" .. tostring(v)
      if l == 3 then debug.setlocal(2, 1, 100) end
    end
  end, "l")
  local r = load("local x = 1\nx = x + 1\nx = x + 1\nreturn x", "=h")()
  debug.sethook()
  equal(table.concat(vals, " ", 2), "2:x=1 3:x=2 4:x=101"); equal(r, 101)
end
-- turning the hook off inside itself; calls of C functions
do
  local n = 0
  debug.sethook(function () n = n + 1; debug.sethook() end, "l")
  local a = 1
  local b = 2
  equal(n, 1); equal(debug.gethook(), nil)
  local log = {}
  debug.sethook(function (ev) local i = debug.getinfo(2, "nS"); if i.what == "C" then log[#log + 1] = ev .. ":" .. tostring(i.name) end end, "cr")
  local s = math.floor(1.5)
  debug.sethook()
  equal(log[1], "return:sethook"); equal(log[2], "call:floor"); equal(log[3], "return:floor"); equal(log[4], "call:sethook")
end

return "ok", checks
