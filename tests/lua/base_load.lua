-- load: strings and reader functions, chunk names, mode, environment, errors, _ENV.

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

equal(load("return 1")(), 1)
equal(show(load("return ...")(1, nil, 2)), "1 nil 2")
equal(show(load("")()), "")
equal(show(load("-- only a comment")()), "")
equal(load("return _VERSION")(), _VERSION)
equal(show(load("x =")), 'nil [string "x ="]:1: unexpected symbol near <eof>')
equal(show(load("return 1 2")), 'nil [string "return 1 2"]:1: <eof> expected near \'2\'')
equal(load("#!shebang is for files only"), nil)

-- chunk names
local function src (s, name) local f, e = load(s, name); return e end
equal(src("(", "=name"), "name:1: unexpected symbol near <eof>")
equal(src("(", "@file.lua"), "file.lua:1: unexpected symbol near <eof>")
equal(src("(", "text"), '[string "text"]:1: unexpected symbol near <eof>')
equal(src("(", "two\nlines"), '[string "two..."]:1: unexpected symbol near <eof>')
equal(src("(", ""), '[string ""]:1: unexpected symbol near <eof>')
equal(src("(", "="), ":1: unexpected symbol near <eof>")
equal(src("(", "@"), ":1: unexpected symbol near <eof>")
equal(src("(", "=" .. string.rep("x", 100)), string.rep("x", 59) .. ":1: unexpected symbol near <eof>")
equal(src("(", "@" .. string.rep("y", 100)), "..." .. string.rep("y", 56) .. ":1: unexpected symbol near <eof>")
equal(src("(", string.rep("z", 100)), '[string "' .. string.rep("z", 45) .. '..."]:1: unexpected symbol near <eof>')
equal(src("local a =\n\n(", nil), '[string "local a =..."]:3: unexpected symbol near <eof>')
equal(debug.getinfo(load("", "=n"), "S").source, "=n")
equal(debug.getinfo(load("return 1"), "S").source, "return 1")

-- readers
do
  local function parts (...)
    local t, i = {...}, 0
    return function () i = i + 1; return t[i] end
  end
  equal(load(parts("ret", "urn ", "1", "2"))(), 12)
  equal(load(parts("return 1", "", "return 2"))(), 1)      -- an empty piece ends the text
  equal(load(parts())(), nil)
  equal(load(parts("x ", "= "), "=r"), nil)
  equal(show(load(parts("x ", "= "), "=r")), "nil r:1: unexpected symbol near <eof>")
  equal(load(parts("return 1", 5))(), 15)                  -- numbers are strings here too
  equal(show(load(parts("("))), "nil (load):1: unexpected symbol near <eof>")
  -- (in a pcall, since load leaves the caller's message handler in place, and adds the caller's position)
  equal(show(pcall(load, function () return {} end)), "true nil reader function must return a string")
  equal(show(pcall(load, function () return true end)), "true nil reader function must return a string")
  equal(show(pcall(load, function () error("stop", 0) end)), "true nil stop")
  local s = "local t = {} " .. string.rep("t[#t + 1] = #t ", 2000) .. "return #t"
  local i = 0
  equal(load(function () i = i + 1; local c = s:sub(i, i); return c ~= "" and c or nil end)(), 2000)
  local n = 0
  equal(load(function () n = n + 1; if n == 1 then return "return " end if n <= 500 then return n .. "+" end if n == 501 then return "0" end end)(),
    500 * 501 // 2 - 1)
end
raises("bad argument #1 to 'load' (function expected, got nil)", load, nil)
raises("bad argument #1 to 'load' (function expected, got boolean)", load, true)
equal(load(12), nil)                       -- a number is its text, which is no program
equal(show(load(12)):match("^nil"), "nil")

-- mode
equal(show(load("return 1", "=m", "b")), "nil attempt to load a text chunk (mode is 'b')")
equal(load("return 1", "=m", "t")(), 1)
equal(load("return 1", "=m", "bt")(), 1)
equal(load("return 1", "=m", nil)(), 1)
equal(show(load("return 1", "=m", "x")), "nil attempt to load a text chunk (mode is 'x')")
do
  local f, e = load("\27Lua", "=m", "t")
  equal(f, nil)
  check(e:find("attempt to load a binary chunk (mode is 't')", 1, true), e)
end

-- environment
do
  local env = {x = 5}
  equal(load("return x", "=e", "t", env)(), 5)
  load("y = x + 1", "=e", "t", env)()
  equal(env.y, 6); equal(rawget(_G, "y"), nil)
  equal(load("return _ENV", "=e", "t", env)(), env)
  raises("attempt to index a nil value (upvalue '_ENV')", load("return x", "=e", "t", nil))
  raises("attempt to call a nil value (global 'print')", load("print()", "=e", "t", {}))
  equal(load("return _ENV", "=e", "t", 7)(), 7)
  equal(load("local _ENV = {z = 1}; return z")(), 1)
  equal(load("local function f (_ENV) return a end; return f {a = 3}")(), 3)
  equal(load("local _ENV <const> = {q = 2}; return q")(), 2)
  local f = load("local x; return function () return x end")
  equal(debug.getupvalue(f, 1), "_ENV")
  equal(select("#", debug.getupvalue(f, 2)), 0)
  equal(load("return 1", "=e", "t", env)(), 1)
  -- loaded functions share the globals, not the locals
  local loc = 1
  equal(load("return loc")(), nil)
  glob = 2
  equal(load("glob = glob + 1; return glob")(), 3)
  equal(glob, 3)
  glob = nil
end

-- large programs: many constants, many locals, long strings, deep expressions
do
  local t = {}
  for i = 1, 5000 do t[i] = "'s" .. i .. "'" end
  local list = load("return {" .. table.concat(t, ",") .. "}")()
  equal(#list, 5000); equal(list[5000], "s5000")
  t = {}
  for i = 1, 3000 do t[i] = i .. ".5" end
  list = load("return {" .. table.concat(t, ",") .. "}")()
  equal(list[3000], 3000.5)
  equal(load("return '" .. string.rep("x", 100000) .. "'")(), string.rep("x", 100000))
  equal(load("return " .. string.rep("1 + ", 5000) .. "1")(), 5001)
  equal(load("return " .. string.rep("(", 150) .. "7" .. string.rep(")", 150))(), 7)
  equal(#load("return '" .. string.rep("a' .. 'b", 150) .. "'")(), 300)
  local s = {}
  for i = 1, 190 do s[i] = "local v" .. i .. " = " .. i end
  equal(load(table.concat(s, "\n") .. "\nreturn v1 + v190")(), 191)
  equal(load(string.rep("local x = 1; ", 150) .. "return x")(), 1)
  s = {"local r = 0"}
  for i = 1, 3000 do s[#s + 1] = "if r == " .. i - 1 .. " then r = r + 1 end" end
  equal(load(table.concat(s, "\n") .. " return r")(), 3000)
end

return "ok", checks
