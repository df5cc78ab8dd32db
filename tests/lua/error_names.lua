-- Run-time error messages: the names of variables, fields, methods, upvalues and constants, for
-- every operation that can fail; argument errors; messages under tail calls and in metamethods.

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

-- indexing
fails("local t; t.x = 1", "c:1: attempt to index a nil value (local 't')")
fails("local t; return t.x", "c:1: attempt to index a nil value (local 't')")
fails("return t.x", "c:1: attempt to index a nil value (global 't')")
fails("t.x = 1", "c:1: attempt to index a nil value (global 't')")
fails("local a = {}; return a.b.c", "c:1: attempt to index a nil value (field 'b')")
fails("local a = {}; a.b.c = 1", "c:1: attempt to index a nil value (field 'b')")
fails("local a = {}; return a[1].c", "c:1: attempt to index a nil value (field 'integer index')")
fails("local a, k = {}, 'key'; return a[k].c", "c:1: attempt to index a nil value (field '?')")
fails("local a, k = {}, 'key'; return k.x.y", "c:1: attempt to index a nil value (field 'x')")
fails("local u; return (function () return u.x end)()", "c:1: attempt to index a nil value (upvalue 'u')")
fails("local u; return (function () u.x = 1 end)()", "c:1: attempt to index a nil value (upvalue 'u')")
fails("local a = {}; return a:m().x", "c:1: attempt to call a nil value (method 'm')")
fails("local f = function () end; return f().x", "c:1: attempt to index a nil value")
fails("return (1).x", "c:1: attempt to index a number value")
fails("return (nil).x", "c:1: attempt to index a nil value")
fails("local x = true; return x.y", "c:1: attempt to index a boolean value (local 'x')")
fails("local x = 5; x.y = 1", "c:1: attempt to index a number value (local 'x')")
fails("('x').y = 1", "c:1: attempt to index a string value (constant 'x')")
fails("local s = 'x'; s.y.z = 1", "c:1: attempt to index a nil value (field 'y')")
fails("return math.foo.bar", "c:1: attempt to index a nil value (field 'foo')")
fails("local t = {}; t[nil] = 1", "c:1: table index is nil")
fails("local t = {}; t[0/0] = 1", "c:1: table index is NaN")
fails("local t, k = {}; t[k] = 1", "c:1: table index is nil")
fails("return _ENV.x.y", "c:1: attempt to index a nil value (global 'x')")
fails("local _ENV = nil; return x", "c:1: attempt to index a nil value (local '_ENV')")

-- calling
fails("f()", "c:1: attempt to call a nil value (global 'f')")
fails("local f; f()", "c:1: attempt to call a nil value (local 'f')")
fails("local f; return (function () f() end)()", "c:1: attempt to call a nil value (upvalue 'f')")
fails("local t = {}; t.f()", "c:1: attempt to call a nil value (field 'f')")
fails("local t = {}; t:f()", "c:1: attempt to call a nil value (method 'f')")
fails("local t = {}; t[1]()", "c:1: attempt to call a nil value (field 'integer index')")
fails("local t = {x = 5}; t.x()", "c:1: attempt to call a number value (field 'x')")
fails("return ('x')()", "c:1: attempt to call a string value (constant 'x')")
fails("return (1)(2)", "c:1: attempt to call a number value")
fails("return {}()", "c:1: <eof> expected near '('")
fails("string.foo('x')", "c:1: attempt to call a nil value (field 'foo')")
fails("return ('x'):foo()", "c:1: attempt to call a nil value (method 'foo')")
fails("local t = {}; return t.f()", "c:1: attempt to call a nil value (field 'f')")
fails("local a; return a()", "c:1: attempt to call a nil value (local 'a')")
fails("for i in 5 do end", "c:1: attempt to call a number value (for iterator 'for iterator')")
fails("for i in nil do end", "c:1: attempt to call a nil value (for iterator 'for iterator')")
fails("local t = {}; for k in t do end", "c:1: attempt to call a table value (for iterator 'for iterator')")

-- arithmetic
fails("local a; return a + 1", "c:1: attempt to perform arithmetic on a nil value (local 'a')")
fails("local a; return 1 + a", "c:1: attempt to perform arithmetic on a nil value (local 'a')")
fails("return b + 1", "c:1: attempt to perform arithmetic on a nil value (global 'b')")
fails("local t = {}; return t.x * 2", "c:1: attempt to perform arithmetic on a nil value (field 'x')")
fails("local t = {}; t.x = t.x + 1", "c:1: attempt to perform arithmetic on a nil value (field 'x')")
fails("local a = {}; return -a", "c:1: attempt to perform arithmetic on a table value (local 'a')")
fails("local a, b = 1, {}; return a + b", "c:1: attempt to perform arithmetic on a table value (local 'b')")
fails("local a, b = {}, {}; return a + b", "c:1: attempt to perform arithmetic on a table value (local 'a')")
fails("local a = true; return a / 2", "c:1: attempt to perform arithmetic on a boolean value (local 'a')")
fails("local a = {}; return a ^ 2", "c:1: attempt to perform arithmetic on a table value (local 'a')")
fails("local a = {}; return 2 // a", "c:1: attempt to perform arithmetic on a table value (local 'a')")
fails("return 2 + {}", "c:1: attempt to perform arithmetic on a table value")
fails("return print + 1", "c:1: attempt to perform arithmetic on a function value (global 'print')")
fails("local u; return (function () return u + 1 end)()", "c:1: attempt to perform arithmetic on a nil value (upvalue 'u')")
fails("local x = 'a'; return x + 1", "c:1: attempt to add a 'string' with a 'number'")
fails("return 1 // 0", "c:1: attempt to divide by zero")
fails("return 1 % 0", "c:1: attempt to perform 'n%0'")

-- bitwise
fails("local a = {}; return a | 1", "c:1: attempt to perform bitwise operation on a table value (local 'a')")
fails("local a; return ~a", "c:1: attempt to perform bitwise operation on a nil value (local 'a')")
fails("local a = 1.5; return a | 1", "c:1: number (local 'a') has no integer representation")
fails("return 1.5 | 1", "c:1: number has no integer representation")
fails("local t = {x = 2^70}; return t.x >> 1", "c:1: number (field 'x') has no integer representation")
fails("local a, b = 1, 2.5; return a & b", "c:1: number (local 'b') has no integer representation")
fails("local a = 'x'; return a & 1", "c:1: attempt to perform bitwise operation on a string value (local 'a')")

-- concatenation
fails("local a; return 'x' .. a", "c:1: attempt to concatenate a nil value (local 'a')")
fails("local a; return a .. 'x'", "c:1: attempt to concatenate a nil value (local 'a')")
fails("return 'x' .. g .. 'y'", "c:1: attempt to concatenate a nil value (global 'g')")
fails("local t = {}; return 'x' .. t.name", "c:1: attempt to concatenate a nil value (field 'name')")
fails("return 'x' .. {}", "c:1: attempt to concatenate a table value")
fails("local a, b = {}, {}; return a .. b", "c:1: attempt to concatenate a table value (local 'a')")
fails("return true .. 'x'", "c:1: attempt to concatenate a boolean value")

-- length, comparison
fails("local a; return #a", "c:1: attempt to get length of a nil value (local 'a')")
fails("return #g", "c:1: attempt to get length of a nil value (global 'g')")
fails("local t = {}; return #t.x", "c:1: attempt to get length of a nil value (field 'x')")
fails("return #5", "c:1: attempt to get length of a number value")
fails("local a; return a < 1", "c:1: attempt to compare nil with number")
fails("local a; return 1 < a", "c:1: attempt to compare number with nil")
fails("return {} < {}", "c:1: attempt to compare two table values")
fails("return nil > 1", "c:1: attempt to compare number with nil")
fails("return 'a' < 1", "c:1: attempt to compare string with number")
fails("return print <= print", "c:1: attempt to compare two function values")

-- long programs: constants beyond the small operands are named as well
do
  local t = {}
  for i = 1, 300 do t[i] = "x" .. i .. " = 1" end
  local many = table.concat(t, " ") .. " "
  local env = {}
  local function fails2 (s, want)
    local ok, e = pcall(load(many .. s, "=c", "t", setmetatable({}, {__index = _G})))
    equal(ok, false); equal(e, want)
  end
  fails2("local t = {} t.field.sub = 1", "c:1: attempt to index a nil value (field 'field')")
  fails2("return undefined.x", "c:1: attempt to index a nil value (global 'undefined')")
  fails2("undefined()", "c:1: attempt to call a nil value (global 'undefined')")
  fails2("local t = {} t:method()", _VERSION == "Lua 5.5" and "c:1: attempt to call a nil value (field 'method')"
    or "c:1: attempt to call a nil value (method 'method')")
  fails2("local t = {} return t.num + 1", "c:1: attempt to perform arithmetic on a nil value (field 'num')")
  fails2("return 1 + {}", "c:1: attempt to perform arithmetic on a table value")
  fails2("return 'k' + 1", "c:1: attempt to add a 'string' with a 'number'")
end

-- arguments: the function's name as it was called
fails("string.rep()", "c:1: bad argument #1 to 'rep' (string expected, got no value)")
fails("local r = string.rep; r()", "c:1: bad argument #1 to 'r' (string expected, got no value)")
fails("('x'):rep()", "c:1: bad argument #1 to 'rep' (number expected, got no value)")
fails("('x'):rep({})", "c:1: bad argument #1 to 'rep' (number expected, got table)")
fails("local s = string; s.rep('x', 'y')", "c:1: bad argument #2 to 'rep' (number expected, got string)")
fails("local t = {f = string.rep}; t.f('x', 1.5)", "c:1: bad argument #2 to 'f' (number has no integer representation)")
fails("string.rep.x()", "c:1: attempt to index a function value (field 'rep')")
fails("io.stdout.write()", "c:1: bad argument #1 to 'write' (FILE* expected, got no value)")
fails("io.stdout.write('x')", "c:1: bad argument #1 to 'write' (FILE* expected, got string)")
fails("io.stdout:write({})", "c:1: bad argument #1 to 'write' (string expected, got table)")
fails("io.stdout:seek('bad')", "c:1: bad argument #1 to 'seek' (invalid option 'bad')")
fails("local s = setmetatable({}, {__index = string}); s:rep(1)", "c:1: calling 'rep' on bad self (string expected, got table)")
fails("setmetatable({}, {__index = function (t, k) return k.x.y end}).z = nil; local a = setmetatable({}, {__index = function (t, k) return k.x.y end}).z",
  "c:1: attempt to index a nil value (field 'x')")
fails("math.floor('x')", "c:1: bad argument #1 to 'floor' (number expected, got string)")
fails("return math.floor('x')", "c:1: bad argument #1 to 'floor' (number expected, got string)")
fails("return tostring()", "c:1: bad argument #1 to 'tostring' (value expected)")
fails("local x <close> = setmetatable({}, {__close = string.rep})", "c:1: bad argument #1 to 'close' (string expected, got table)")
fails("return setmetatable({}, {__add = string.rep}) + 1", "c:1: bad argument #1 to 'add' (string expected, got table)")
fails("return setmetatable({}, {__index = string.rep}).k", "c:1: bad argument #1 to 'index' (string expected, got table)")
fails("for i in string.rep do end", "c:1: bad argument #1 to 'for iterator' (string expected, got nil)")
fails("select(0)", "c:1: bad argument #1 to 'select' (index out of range)")
fails("setmetatable(1, {})", "c:1: bad argument #1 to 'setmetatable' (table expected, got number)")
fails("table.concat({{}})", "c:1: invalid value (table) at index 1 in table for 'concat'")
fails("collectgarbage('nothing')", "c:1: bad argument #1 to 'collectgarbage' (invalid option 'nothing')")
fails("error('m')", "c:1: m")
fails("error('m', 0)", "m")
fails("assert(false, 'm')", "c:1: m")
fails("assert(false)", "c:1: assertion failed!")
fails("assert(nil)", "c:1: assertion failed!")

return "ok", checks
