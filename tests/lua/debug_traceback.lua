-- debug.traceback: format, levels, messages, long stacks shortened, function names, tail calls.

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

local function raises (text, f, ...)   -- the error message contains the text
  checks = checks + 1
  local ok, err = pcall(f, ...)
  if ok or not string.find(tostring(err), text, 1, true) then
    error("want the error '" .. text .. "', got " .. tostring(err), 2)
  end
end

local is55 = _VERSION == "Lua 5.5"
local tb = debug.traceback

-- run a chunk that calls its argument somewhere inside, give the traceback from there
local function from (source, level)
  local r
  local f = load(source, "=c")
  f(function () r = tb("M", level or 2) end)
  return (r:gsub("\n\t[^\n]*debug_traceback.*", ""))       -- the frames of this file are left out
end
equal(from("local g = ...\nlocal function inner ()\ng() end\nlocal function outer ()\ninner() end\nouter()"):gsub(" in main chunk.*", ""),
  "M\nstack traceback:\n\tc:3: in upvalue 'inner'\n\tc:5: in local 'outer'\n\tc:6: in local 'f'")
equal(from("local g = ...\nlocal t = {}\nfunction t.f () g() end\nt.f()"):match("c:3: in ([^\n]*)"), "field 'f'")
equal(from("local g = ...\nlocal t = {}\nfunction t:m () g() end\nt:m()"):match("c:3: in ([^\n]*)"), "method 'm'")
equal(from("local g = ...\nfunction glob () g() end\nglob() glob = nil"):match("c:2: in ([^\n]*)"), is55 and "global 'glob'" or "function 'glob'")
equal(from("local g = ...\nlocal f = function () g() end\npcall(f)"):match("c:2: in ([^\n]*)"), "function <c:2>")
equal(from("local g = ...\nlocal f = function () g() end\npcall(f)"):match("%[C%]: in ([^\n]*)"), is55 and "global 'pcall'" or "function 'pcall'")
equal(from("local g = ...\nlocal f = function () g() end\nlocal function t () return f() end\nt()"):match("c:2: in (.-)\n\tc:4"),
  "function <c:2>\n\t(...tail calls...)")
equal(from("local g = ...\nlocal o = setmetatable({}, {__add = function () g() end})\nlocal x = o + 1"):match("c:2: in ([^\n]*)"), "metamethod 'add'")
equal(from("local g = ...\nfor x in function () g() end do end"):match("c:2: in ([^\n]*)"), "for iterator 'for iterator'")
equal(from("local g = ...\ntable.sort({2, 1}, function () g() end)"):match("%[C%]: in ([^\n]*)"), is55 and "field 'sort'" or "function 'table.sort'")

-- messages that are no strings come back as they are; nil and numbers
check(tb(nil):find("^stack traceback:\n"))
do local t = {}; equal(tb(t), t); equal(tb(true), true) end
check(tb(5):find("^5\nstack traceback:\n"))
check(tb():find("^stack traceback:\n"))
check(tb("msg"):find("^msg\nstack traceback:\n\t"))
check(tb("multi\nline"):find("^multi\nline\nstack traceback:\n"))
equal(tb("m", 1000), "m\nstack traceback:")
check(tb("m", 0):find("^m\nstack traceback:\n\t%[C%]: in "))
equal(select("#", tb("m")), 1)
raises("bad argument #2 to 'debug.traceback' (number expected, got string)", tb, "m", "x")

-- long stacks show the first 10 and the last 11 levels
do
  local r
  local function deep (n) if n == 0 then r = tb("deep") else deep(n - 1) end return n end
  deep(100)
  local n = 0
  for _ in r:gmatch("\n\t[^.]") do n = n + 1 end
  local skipped = tonumber(r:match("\n\t%.%.%.\t%(skipping (%d+) levels%)"))
  check(skipped and skipped > 70, r)
  check(n == 21, "shown: " .. n)
  deep(5)
  equal(r:find("skipping", 1, true), nil)
end
-- in a stack overflow it works too
do
  local ok, r = xpcall(function ()
    local function f (...) return 1 + f(...) end       -- wide frames: few of them
    return f(table.unpack({}, 1, 200))
  end, tb)
  equal(ok, false)
  check(r:find("stack overflow", 1, true)); check(r:find("skipping", 1, true))
end

return "ok", checks
