-- debug.getinfo (all fields), getlocal, setlocal, upvalues, metatables, user values, registry.

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

local getinfo = debug.getinfo

-- functions
do
  local f = load("local up = 1\nreturn function (a, b, ...)\n  local c = up\n  return c\nend", "=src")()
  local i = getinfo(f)
  equal(i.source, "=src"); equal(i.short_src, "src"); equal(i.what, "Lua"); equal(i.linedefined, 2); equal(i.lastlinedefined, 5)
  equal(i.currentline, -1); equal(i.nups, 1); equal(i.nparams, 2); equal(i.isvararg, true); equal(i.func, f)
  equal(i.namewhat, ""); equal(i.name, nil); equal(i.istailcall, false); equal(i.ftransfer, 0); equal(i.ntransfer, 0)
  equal(i.activelines, nil)
  local lines = {}
  for l in pairs(getinfo(f, "L").activelines) do lines[#lines + 1] = l end
  table.sort(lines)
  equal(table.concat(lines, ","), "3,4,5")
  i = getinfo(print)
  equal(i.what, "C"); equal(i.source, "=[C]"); equal(i.short_src, "[C]"); equal(i.currentline, -1); equal(i.linedefined, -1)
  equal(i.lastlinedefined, -1); equal(i.nups, 0); equal(i.isvararg, true); equal(i.nparams, 0); equal(i.func, print)
  equal(getinfo(print, "L").activelines, nil)
  i = getinfo(load("return 1", "@a/b.lua"))
  equal(i.what, "main"); equal(i.short_src, "a/b.lua"); equal(i.linedefined, 0); equal(i.nparams, 0); equal(i.isvararg, true); equal(i.nups, 1)
  local j = getinfo(f, "S")
  equal(j.func, nil); equal(j.nups, nil); equal(j.what, "Lua")
  equal(next(getinfo(f, "")), nil)
  raises("bad argument #2 to 'debug.getinfo' (invalid option)", getinfo, f, "X")
  raises("bad argument #2 to 'debug.getinfo' (invalid option '>')", getinfo, f, ">S")
  equal(getinfo(1000), nil); equal(getinfo(-1), nil)
  raises("bad argument #1 to 'debug.getinfo' (number expected, got table)", getinfo, {})
end
-- frames: names by the call
do
  local seen
  local function note () local i = getinfo(2, "nlt"); seen = i.namewhat .. ":" .. tostring(i.name) .. ":" .. tostring(i.istailcall) end
  local function loc () note() end
  loc(); equal(seen, "local:loc:false")
  globalf = loc; globalf(); equal(seen, "global:globalf:false"); globalf = nil
  local t = {m = loc, [1] = loc}
  t.m(); equal(seen, _VERSION == "Lua 5.5" and "field:m:false" or "field:m:false")
  t:m(); equal(seen, "method:m:false")
  t[1](); equal(seen, "field:integer index:false")
  local function tail () return loc() end
  tail(); equal(seen, ":nil:true")
  ;(function () loc() end)(); equal(seen, "upvalue:loc:false")
  local mt = {__add = loc, __index = loc, __lt = loc, __call = loc, __concat = loc, __len = loc, __unm = loc, __eq = loc, __close = loc, __newindex = loc}
  local o = setmetatable({}, mt)
  local _ = o + 1; equal(seen, "metamethod:add:false")
  _ = o.x; equal(seen, "metamethod:index:false")
  _ = o < o; equal(seen, "metamethod:lt:false")
  _ = o .. "x"; equal(seen, "metamethod:concat:false")
  _ = #o; equal(seen, "metamethod:len:false")
  _ = -o; equal(seen, "metamethod:unm:false")
  _ = o == setmetatable({}, mt); equal(seen, "metamethod:eq:false")
  o.y = 1; equal(seen, "metamethod:newindex:false")
  do local c <close> = o end equal(seen, "metamethod:close:false")
  o(); equal(seen, "local:o:false")
  for _ in loc do end; equal(seen, "for iterator:for iterator:false")
  pcall(loc); equal(seen, ":nil:false")
  local i = getinfo(1, "Sl")
  check(i.short_src:find("debug_info.lua", 1, true)); equal(i.what, "main")
end
-- parameters and results seen by hooks (transfer)
do
  local log = {}
  local function f (a, b) return a + b, "two" end
  debug.sethook(function (ev)
    local i = getinfo(2, "frS")
    if i.func == f then
      local vals = {}
      for k = i.ftransfer, i.ftransfer + i.ntransfer - 1 do vals[#vals + 1] = tostring(select(2, debug.getlocal(2, k))) end
      log[#log + 1] = ev .. " " .. table.concat(vals, ",")
    end
  end, "cr")
  f(3, 4)
  debug.sethook()
  equal(table.concat(log, "; "), "call 3,4; return 7,two")
end

-- getlocal, setlocal
do
  local function names (lvl)
    local r = {}
    local i = 1
    while true do
      local n, v = debug.getlocal(lvl + 1, i)
      if not n then break end
      r[#r + 1] = n .. "=" .. tostring(v)
      i = i + 1
    end
    return table.concat(r, " ")
  end
  local function f (a, b, ...)
    local c = 3
    do local d = 4 end
    local e <const> = 5
    local g <const> = {}
    for i = 1, 1 do local inner = "in"; equal(names(1):match("i=1 inner=in") ~= nil, true) end
    local s = names(1)
    return s
  end
  check(f(1, 2, "v1", "v2"):find("^a=1 b=2 .*c=3 "), f(1, 2))
  local function g (...)
    local n, v = debug.getlocal(1, -1)
    equal(n, "(vararg)"); equal(v, "x")
    n, v = debug.getlocal(1, -2); equal(v, "y")
    equal(debug.getlocal(1, -3), nil)
    equal(debug.setlocal(1, -2, "z"), "(vararg)")
    return ...
  end
  equal(show(g("x", "y")), "x z")
  local function h () local a, b = 1, 2; equal(debug.setlocal(1, 2, "new"), "b"); return a, b end
  equal(show(h()), "1 new")
  equal(debug.setlocal(1, 1000, 1), nil)
  equal(debug.getlocal(f, 1), "a"); equal(debug.getlocal(f, 2), "b"); equal(debug.getlocal(f, 3), nil); equal(debug.getlocal(print, 1), nil)
  raises("bad argument #1 to 'debug.getlocal' (level out of range)", debug.getlocal, 1000, 1)
  raises("bad argument #1 to 'debug.setlocal' (level out of range)", debug.setlocal, 1000, 1, 1)
end
-- upvalues
do
  local a, b = 1, 2
  local function f () return a, b end
  local function g () b = b + 1; return b end
  equal(show(debug.getupvalue(f, 1)), "a 1"); equal(show(debug.getupvalue(f, 2)), "b 2"); equal(debug.getupvalue(f, 3), nil)
  equal(debug.setupvalue(f, 1, 10), "a"); equal(a, 10); equal(debug.setupvalue(f, 3, 0), nil)
  equal(debug.upvalueid(f, 2), debug.upvalueid(g, 1)); check(debug.upvalueid(f, 1) ~= debug.upvalueid(f, 2))
  equal(type(debug.upvalueid(f, 1)), "userdata"); equal(debug.upvalueid(f, 3), nil)
  local function mk () local x = 100; return function () x = x + 1; return x end end
  local p, q = mk(), mk()
  p()
  debug.upvaluejoin(q, 1, p, 1)
  equal(q(), 102); equal(p(), 103)
  equal(debug.upvalueid(p, 1), debug.upvalueid(q, 1))
  raises("invalid upvalue index", debug.upvaluejoin, p, 2, q, 1)
  raises("bad argument #2 to 'debug.upvaluejoin' (invalid upvalue index)", debug.upvaluejoin, print, 1, q, 1)
  equal(debug.getupvalue(string.gmatch("a", "a"), 1), "")
  equal(debug.getupvalue(print, 1), nil)
  raises("bad argument #1 to 'debug.getupvalue' (function expected, got table)", debug.getupvalue, {}, 1)
  local f2 = load("return x")
  equal(show((debug.getupvalue(f2, 1))), "_ENV")
  debug.setupvalue(f2, 1, {x = "env"})
  equal(f2(), "env")
  -- after the scope has ended, shared and closed
  local fs = {}
  do local v = 0; fs[1] = function () v = v + 1; return v end; fs[2] = function () return v end end
  fs[1](); equal(fs[2](), 1); debug.setupvalue(fs[2], 1, 50); equal(fs[1](), 51)
end
-- metatables, user values, registry
do
  local t = setmetatable({}, {__metatable = "no"})
  equal(type(debug.getmetatable(t)), "table"); equal(debug.setmetatable(t, nil), t); equal(getmetatable(t), nil)
  equal(debug.setmetatable(10, nil), 10)
  raises("bad argument #2 to 'debug.setmetatable' (nil or table expected, got number)", debug.setmetatable, {}, 5)
  equal(debug.getuservalue(io.stdout, 1), nil); equal(debug.getuservalue({}), nil); equal(debug.getuservalue(5, 1), nil)
  equal(debug.setuservalue(io.stdout, 1, 1), nil)
  raises("bad argument #1 to 'debug.setuservalue' (userdata expected, got table)", debug.setuservalue, {}, 1)
  local r = debug.getregistry()
  equal(type(r), "table"); equal(r._LOADED, package.loaded); equal(r[2], _G)
end

return "ok", checks
