-- Deep recursion of every kind ends in an error that can be caught, and leaves everything usable.

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

local function overflows (f, ...)   -- raises some stack overflow
  checks = checks + 1
  local ok, e = pcall(f, ...)
  if ok or type(e) ~= "string" or not (e:find("stack overflow", 1, true) or e:find("error in error handling", 1, true)) then
    error("want a stack overflow, got " .. tostring(ok) .. " " .. tostring(e):sub(1, 200), 2)
  end
end
local wide = table.unpack            -- many arguments: fewer frames until the stack is full

-- plain Lua recursion, with the position of the function
do
  local f = load("local function f (...)\n return 1 + f(...)\nend\nreturn f", "=deep")()
  local ok, e = pcall(f, wide({}, 1, 100))
  check(e:find("^deep:2: stack overflow"), e)
  overflows(f, wide({}, 1, 200))
  local function g () local a, b, c, d, e = 1; return g() .. a end
  overflows(g)
end
-- 190,000 levels are still fine, as upstream's limit of a million slots allows
do
  local function depth (n) if n == 0 then return 0 end return 1 + depth(n - 1) end
  equal(depth(150000), 150000)
end
-- through C: metamethods, pcall, sort, gsub, tostring, coroutines, load, require
do
  local mt = {}
  mt.__index = function (t, k) return t[k + 1] end
  overflows(function () return setmetatable({}, mt)[1] end)
  mt.__add = function (a, b) return a + b end
  overflows(function () return setmetatable({}, mt) + 1 end)
  mt.__concat = function (a, b) return a .. b end
  overflows(function () return setmetatable({}, mt) .. "" end)
  mt.__eq = function (a, b) return a == b end
  overflows(function () return setmetatable({}, mt) == setmetatable({}, mt) end)
  mt.__lt = function (a, b) return a < b end
  overflows(function () return setmetatable({}, mt) < 1 end)
  mt.__len = function (a) return #a end
  overflows(function () return #setmetatable({}, mt) end)
  mt.__newindex = function (t, k, v) t[k] = v end
  overflows(function () setmetatable({}, mt).x = 1 end)
  mt.__call = function (f, ...) return 1 + f(...) end
  overflows(function () return setmetatable({}, mt)() end)
  mt.__tostring = function (t) return tostring(t) end
  overflows(tostring, setmetatable({}, mt))
  mt.__close = function () local x <close> = setmetatable({}, mt) end
  overflows(function () local x <close> = setmetatable({}, mt) end)
  mt.__pairs = function (t) return pairs(t) end
  overflows(pairs, setmetatable({}, mt))
  local function sorter () table.sort({1, 2, 3}, function (a, b) sorter(); return a < b end) end
  overflows(sorter)
  local function subber () return (string.gsub("x", "x", subber)) end
  overflows(subber)
  local function subber2 () return (string.gsub("x", "x", function () return subber2() .. "" end)) end
  overflows(subber2)
  local function loader () return assert(load(function () return loader() end)) end
  check(pcall(loader) == false)
  local function wrapper () return coroutine.wrap(wrapper)() end
  overflows(wrapper)
  local function unpacker () return table.unpack(setmetatable({}, {__index = unpacker}), 1, 1) end
  overflows(unpacker)
  local function concatter () return table.concat(setmetatable({}, {__len = function () return 1 end, __index = concatter})) end
  overflows(concatter)
  local function closer () return coroutine.close((function () local co = coroutine.create(function ()
    local x <close> = setmetatable({}, {__close = function () assert(closer()) end}); coroutine.yield() end); coroutine.resume(co); return co end)()) end
  local ok, e = closer()
  equal(ok, false); check(tostring(e):find("C stack overflow", 1, true), tostring(e))
  package.preload["limits.deep"] = function (name) package.loaded[name] = nil; return require(name) end
  overflows(require, "limits.deep")
  package.preload["limits.deep"] = nil
end
-- handlers that overflow as well
do
  local function f (...) return 1 + f(...) end
  local args = table.pack(wide({}, 1, 200))
  local ok, e = xpcall(f, function (m) return f(m) end, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
  equal(ok, false)
  ok, e = xpcall(f, debug.traceback, wide(args, 1, 200))
  equal(ok, false); check(e:find("stack overflow", 1, true))
  local n = 0
  ok, e = xpcall(f, function (m) n = n + 1; return "handled " .. type(m) end, wide(args, 1, 200))
  equal(e, "handled string"); check(n >= 1)
end
-- patterns and the parser have limits of their own
raises("pattern too complex", string.find, string.rep("a", 250000), string.rep("a?", 250000) .. "b")
raises("pattern too complex", string.match, string.rep("(", 20) .. string.rep("x", 300), string.rep("%(?x?", 300))
equal(string.find(string.rep("a", 250000), "^.-b"), nil)
raises("C stack overflow", function () return assert(load("return " .. string.rep("(", 1000) .. "1" .. string.rep(")", 1000))) end)
raises("C stack overflow", function () return assert(load(string.rep("while true do ", 1000) .. string.rep("end ", 1000))) end)
raises("C stack overflow", function () return assert(load("return " .. string.rep("{", 100000))) end)
raises("C stack overflow", function () return assert(load("return " .. string.rep("-(", 100000))) end)
raises("C stack overflow", function () return assert(load("return " .. string.rep("f(", 100000))) end)
raises("C stack overflow", function () return assert(load(string.rep("function f() ", 100000))) end)
check(load("return " .. string.rep("a", 10000) .. string.rep(".b", 10000)))
check(load("return f" .. string.rep("()", 10000)))
-- too many values
raises("too many results to unpack", function () return table.unpack({}, 1, 10000000) end)
raises("stack overflow", function () return string.byte(string.rep("x", 10000000), 1, -1) end)
raises("too many results to unpack", function () return {table.unpack({}, 1, 999999999)} end)
-- many times in a row: nothing is left behind
do
  local function f (...) return 1 + f(...) end
  local args = table.pack(wide({}, 1, 200))
  for i = 1, 20 do overflows(f, wide(args, 1, 200)) end
  collectgarbage()
  local before = collectgarbage("count")
  for i = 1, 20 do overflows(f, wide(args, 1, 200)) end
  collectgarbage()
  check(collectgarbage("count") < before + 2000)
  equal(#tostring(12345), 5)
end

return "ok", checks
