-- Lua 5.5's declarations of globals: strict scopes, attributes, initial values, functions, `global *`.

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

local function run (source, ...)
  return assert(load(source, "=c"))(...)
end

-- without a declaration everything is as before
equal(run("gx55 = 1; local v = gx55; gx55 = nil; return v"), 1)
-- a declaration makes all other globals of its scope errors
fails("global a; b = 1", "c:1: variable 'b' not declared")
fails("global a; return b", "c:1: variable 'b' not declared")
fails("global a; print(a)", "c:1: variable 'print' not declared")
equal(run("global print, a55; a55 = 3; local v = a55; a55 = nil; return v"), 3)
equal(run("do global x55 end y55 = 2; local v = y55; y55 = nil; return v"), 2)          -- the scope ends
fails("do global x; do y = 1 end end", "c:1: variable 'y' not declared")
fails("global x; local function f () return y end", "c:1: variable 'y' not declared")
fails("global x; function x.f () return y end", "c:1: variable 'y' not declared")
-- `global *` opens the scope again
equal(run("global a55; do global *; b55 = 4; local v = b55; b55 = nil; return v end"), 4)
equal(run("global *; c55 = 5; local v = c55; c55 = nil; return v"), 5)
-- constants
fails("global<const> math; math = 1", "c:1: attempt to assign to const variable 'math'")
fails("global x<const>; x = 1", "c:1: attempt to assign to const variable 'x'")
fails("global<const> *; x = 1", "c:1: attempt to assign to const variable 'x'")
equal(run("global<const> *; return math.type(1)"), "integer")
equal(run("global<const> math, string; return math.type(#string.rep('x', 3))"), "integer")
fails("global x<close>", "c:1: global variables cannot be to-be-closed")
fails("global x<foo>", "c:1: unknown attribute 'foo'")
-- initial values; a global that is there already is an error
equal(run("global i55, j55 = 1, 2; local r = i55 * 10 + j55; i55, j55 = nil, nil; return r"), 12)
fails("global print = 1", "c:1: global 'print' already defined")
equal(run("global k55 = 1; k55 = nil; return k55"), nil)
-- functions
equal(run("global function f55 (n) return n + 1 end; local v = f55(1); f55 = nil; return v"), 2)
equal(run("global function r55 (n) if n == 0 then return 0 end return 1 + r55(n - 1) end; local v = r55(5); r55 = nil; return v"), 5)
fails("global function print () end", "c:1: global 'print' already defined")
-- locals shadow; a global declaration inside shows the global again
equal(run("local math = 5; do global math; return math.pi > 3 and 1 end"), 1)
equal(run("global math; local math = 5; return math"), 5)
-- _ENV
equal(run("local _ENV = {q = 7}; global q; return q"), 7)
equal(run("local _ENV <const> = {q = 7}; global *; return q"), 7)
-- `global` is a name elsewhere
equal(run("local global = 3; return global"), 3)
equal(run("local t = {global = 4}; return t.global"), 4)
equal(load("global", "=c"), nil)
-- nested functions see declarations; in load'ed chunks they do not matter
equal(run("global load; return load('return math ~= nil')()"), true)
fails("global a, a2 b", "c:1: variable 'b' not declared")
-- error messages name globals as before
fails("global gnil; gnil.x = 1", "c:1: attempt to index a nil value (global 'gnil')")
fails("global gnil; gnil()", "c:1: attempt to call a nil value (global 'gnil')")

return "ok", checks
