-- Line numbers in errors: multi-line expressions, calls, constructors, long strings, comments, blocks.

local checks = 0

local function equal (got, want)
  checks = checks + 1
  if not rawequal(got, want) or math.type(got) ~= math.type(want) then
    error("got " .. tostring(got) .. ", want " .. tostring(want), 2)
  end
end

local function fails (source, want)   -- compiling or running gives this very message
  checks = checks + 1
  local ok, err = load(source, "=c")
  if ok then ok, err = pcall(ok) end
  if ok or err ~= want then
    error("want the error '" .. want .. "', got " .. tostring(err), 2)
  end
end

-- the line of the operation that fails, given as the number after the source
local function at (line, source, want)
  checks = checks + 1
  local f, e = load(source, "=c")
  local ok
  if f then ok, e = pcall(f) end
  local got = tonumber(string.match(tostring(e), "^c:(%d+):"))
  if got ~= line or (want and not string.find(e, want, 1, true)) then
    error("want line " .. line .. ", got " .. tostring(e), 2)
  end
end

at(1, "local a = nil + 1")
at(2, "\nlocal a = nil + 1")
at(2, "local a =\n nil + 1")
at(3, "local x\n\nx.y = 1")
at(1, "x.y.z = 1\n\n")
at(2, "local t = {}\nt.x.y = 1")
at(2, "local a, b\nlocal c = a +\n b")
at(3, "local a, b\nlocal c = a\n + b")
at(3, "local a, b = 1\nlocal c = a\n + b +\n 1")
at(4, "local a = 1\nlocal c = a +\n a\n + nil\n + a")
at(2, "local t = {\n nil + 1,\n 2}")
at(3, "local t = {\n 1,\n x = nil .. 'a'}")
at(1, "local s = 'a' .. nil ..\n 'b'")
at(2, "local s = 'a' ..\n nil .. 'b'")
at(1, "error('m')")
at(3, "\n\nerror('m')\n\n")
at(1, "error(\n'm'\n)")
at(2, "error\n(\n'm'\n)")
at(2, "local f = error\nf(\n'm'\n)")
at(2, "local t = {}\nt.f(\n1,\n2)")
at(4, "local t = {}\nt\n.f\n(1)")
at(1, "undefined(\n\n)")
at(4, "local function f ()\n local x\n -- comment\n x()\nend\nf()")
at(3, "local function f (x)\n\n return x.y.z\nend\nf({})")
at(2, "if true then\n local x = {} .. 'a'\nend")
at(3, "for i = 1, 3 do\n if i == 2 then\n  error('m')\n end\nend")
at(1, "for i = 1, {} do\n\nend")
at(1, "for i = 'x', 2 do\n\nend")
at(1, "for k in nil do\n\nend")
at(2, "local a = 1\nfor k in pairs(nil) do\n\nend", "for iterator")
at(2, "while\n (nil + 1) do\nend")
at(3, "repeat\nlocal x\nuntil x.y")
at(2, "return\n 1 + nil")
at(3, "return 1,\n 2,\n nil + 1")
at(6, "local s = [[\nline\nline\n]]\nlocal t = --[[ x\n]] nil + 1")
at(4, "local s = 'a\\\nb\\\nc'\nlocal t = nil + 1")
at(5, "--[==[\n]]\n]=]\n]==]\nlocal t = nil + 1")
at(3, "local s = 'a\\z\n'\nlocal t = nil + 1")
at(2, "local x\rlocal y = nil + 1")
at(2, "local x\r\nlocal y = nil + 1")
at(2, "local x\n\rlocal y = nil + 1")
at(3, "local x\n\nlocal y = nil + 1")
at(3, "goto l\n::l::\nlocal y = nil + 1")
at(2, "local t = setmetatable({}, {__index = function (t, k)\n error('m') end})\nreturn t.x")
at(2, "local f = function (...)\n return ... + 1\nend\nf(nil)")
at(4, "local function a () end\nlocal function b () end\nlocal function c ()\n a() b() undefined()\nend\nc()")
at(1, "local x <const> = nil; return x.y")
at(1002, string.rep("\n", 1001) .. "error('m')")
at(200001, string.rep("\n", 200000) .. "local x = nil + 1")
do   -- lines far apart in one function, as deltas that do not fit one byte
  local s = {}
  for i = 1, 20 do s[i] = "local v" .. i .. " = " .. i .. string.rep("\n", 300) end
  at(20 * 300 + 1, table.concat(s) .. "local x = nil + 1")
  at(301, "local a = 1" .. string.rep("\n", 300) .. "local x = nil + 1" .. string.rep("\n", 300) .. "local y = 2")
  at(1, "local x = (nil + 1" .. string.rep("\n", 300) .. ")")
end
do   -- an expression over many lines going back and forth
  local f = load("local g = ...\nreturn g(1) +\ng(2) *\ng(3)\n+ g(\n4)", "=c")
  local lines = {}
  f(function (n) lines[n] = debug.getinfo(2, "l").currentline; return n end)
  equal(lines[1], 2); equal(lines[2], 3); equal(lines[3], 4); equal(lines[4], 5)
end
do   -- the line of a frame in the traceback, level by level
  local tb
  local f = load("local g = ...\nlocal function a ()\n g()\n return 1\nend\nlocal function b ()\n\n a()\n return 2\nend\n\nb()\nreturn 3", "=c")
  f(function () tb = debug.traceback("x", 2) end)
  local seen = {}
  for n in tb:gmatch("\tc:(%d+):") do seen[#seen + 1] = n end
  equal(table.concat(seen, ","), "3,8,12")
end
do   -- hooks see every line once per visit
  local f = load("local x = 0\nfor i = 1, 2 do\n x = x + 1\nend\nif x == 2 then\n x = 5\nelse\n x = 6\nend\nreturn x", "=c")
  local seen = {}
  debug.sethook(function (_, l) if debug.getinfo(2, "S").short_src == "c" then seen[#seen + 1] = l end end, "l")
  f()
  debug.sethook()
  equal(table.concat(seen, " "), "1 2 3 2 3 2 5 6 10")
end
-- error levels point at callers' lines
at(7, "local function f ()\n error('m', 2)\nend\n\n\n\nf()")
at(9, "local function f ()\n error('m', 3)\nend\nlocal function g ()\n f()\n return 1\nend\n\ng()")
-- stripped functions have no lines: see base_binary_chunk

return "ok", checks
