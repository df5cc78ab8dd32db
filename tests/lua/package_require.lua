-- require, package.loaded, preload, searchers, searchpath, config; errors list what was tried.

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

-- preload
do
  local log = {}
  package.preload["m.one"] = function (...) log[#log + 1] = show(...); return {name = "one"} end
  local m, extra = require("m.one"); equal(m.name, "one"); equal(extra, ":preload:"); equal(log[1], "m.one :preload:"); equal(require("m.one"), m); equal(#log, 1); equal(select("#", require("m.one")), 1)
  equal(package.loaded["m.one"], m)
  package.loaded["m.one"] = nil; check(require("m.one") ~= m); equal(#log, 2)
  package.preload["m.nothing"] = function () end; equal(require("m.nothing"), true); equal(package.loaded["m.nothing"], true)
  package.preload["m.false"] = function () return false end; equal(require("m.false"), false); equal(package.loaded["m.false"], false); equal(require("m.false"), false)
  package.preload["m.self"] = function (n) package.loaded[n] = "set by itself" end; equal(require("m.self"), "set by itself")
  package.preload["m.both"] = function (n) package.loaded[n] = "self"; return "returned" end; equal(require("m.both"), "returned")
  package.preload["m.fails"] = function () error("inside", 0) end; raises("inside", require, "m.fails"); equal(package.loaded["m.fails"], nil); raises("inside", require, "m.fails")
  package.preload["m.nested"] = function () return {inner = require("m.one")} end; equal(require("m.nested").inner, require("m.one"))
  package.preload["m.a"] = function (n) package.loaded[n] = {}; return {b = require("m.b")} end
  package.preload["m.b"] = function () return {a = require("m.a")} end
  equal(type(require("m.a").b.a), "table")
  for n in pairs(package.preload) do package.preload[n] = nil end
end
-- not found: the message lists each place
do
  local ok, e = pcall(require, "no.such.module"); equal(ok, false)
  check(e:find("^module 'no.such.module' not found:\n\tno field package.preload%['no.such.module'%]"), e)
  raises("bad argument #1 to 'require' (string expected, got no value)", require); raises("bad argument #1 to 'require' (string expected, got table)", require, {})
  local path, cpath = package.path, package.cpath
  package.path, package.cpath = "./?.x;./?/y.x", "./?.z"
  ok, e = pcall(require, "no.mod")
  check(e:find("no file './no/mod.x'\n\tno file './no/mod/y.x'", 1, true), e); check(e:find("no file './no/mod.z'", 1, true), e)
  package.path = nil; raises("'package.path' must be a string", require, "no.mod"); package.path, package.cpath = path, cpath
end
-- searchers: order, values, errors
do
  equal(#package.searchers, 4)
  local old = package.searchers
  local log = {}
  package.searchers = {
    function (n) log[#log + 1] = "first " .. n; return "\n\tfirst has it not" end,
    function (n) log[#log + 1] = "second"; if n == "s.two" then return function (...) return {args = show(...)} end, "extra" end return nil end,
    function (n) log[#log + 1] = "third"; return 42 end,
  }
  local m, extra = require("s.two"); equal(m.args, "s.two extra"); equal(extra, "extra"); equal(table.concat(log, ","), "first s.two,second")
  local ok, e = pcall(require, "s.none"); check(e:find("module 's.none' not found:", 1, true)); check(e:find("first has it not", 1, true))
  package.searchers = {}; raises("module 'x' not found:", require, "x"); package.searchers = nil; raises("'package.searchers' must be a table", require, "x"); package.searchers = old
  table.insert(package.searchers, 1, function (n) if n == "s.mine" then return function () return "mine" end end end); equal(require("s.mine"), "mine"); table.remove(package.searchers, 1)
  package.loaded["s.mine"] = nil; package.loaded["s.two"] = nil
end
-- what is there
equal(type(package.path), "string"); equal(type(package.cpath), "string"); equal(package.loaded.string, string); equal(package.loaded._G, _G); equal(package.loaded.package, package)
equal(require("string"), string); equal(select("#", require("math")), 1); equal(package.config, "/\n;\n?\n!\n-\n")
equal(show(package.searchpath("no.such", "./?.a;./?/b.c")), "nil no file './no/such.a'\n\tno file './no/such/b.c'"); equal(show(package.searchpath("a.b", "?", "", "")), "nil no file 'a.b'")
equal(show(package.searchpath("a-b", "x/?;y", "-", "+")), "nil no file 'x/a+b'\n\tno file 'y'"); raises("bad argument #2 to 'package.searchpath' (string expected, got no value)", package.searchpath, "x")
do local f, msg, where = package.loadlib("/no/such/lib.so", "luaopen_x"); equal(f, nil); equal(type(msg), "string"); check(where == "open" or where == "absent") end

return "ok", checks
