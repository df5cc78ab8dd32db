-- What else 5.5 changed: named vararg tables, read-only loop variables, utf8.offset's second result,
-- floats that read back, error(nil), generic changes of messages.

local checks = 0

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

-- a named vararg parameter is a table with the arguments
equal(run("local function f (...t) return t.n, t[1], #t end; return f(5, nil, 7)"), 3)
equal(show(run("local function f (...t) return t.n, t[1], t[3] end; return f(5, nil, 7)")), "3 5 7")
equal(show(run("local function f (a, ...t) return a, t.n, ... end; return f(1, 2, 3)")), "1 2 2 3")
equal(show(run("local function f (...t) return ... end; return f(1, nil, 3)")), "1 nil 3")
equal(show(run("local function f (...t) t[1] = 'new'; return ... end; return f(1, 2)")), "new 2")
equal(show(run("local function f (...t) t.n = 1; return ... end; return f(1, 2)")), "1")
equal(run("local function f (...t) return t[10] end; return f(1)"), nil)
equal(run("local function f (...t) local k = 'n'; return t[k] end; return f(1, 2)"), 2)
equal(run("local function f (...t) return function () return t.n end end; return f(1, 2)()"), 2)
equal(run("local function f (...t) return t end; local x = f(1, 2); return type(x) .. x.n .. x[2]"), "table22")
equal(show(run("local function f (...t) local s = 0; for i = 1, t.n do s = s + t[i] end return s end; return f(1, 2, 3)")), "6")
fails("local function f (...t) t = 1 end", "c:1: attempt to assign to const variable 't'")
equal(run("local function f (...t) return select('#', ...) end; return f()"), 0)

-- loop variables are constants
fails("for i = 1, 2 do i = 5 end", "c:1: attempt to assign to const variable 'i'")
fails("for k, v in pairs {} do k = 1 end", "c:1: attempt to assign to const variable 'k'")
equal(run("local n = 0; for k, v in pairs {5} do v = v + 1; n = v end return n"), 6)
equal(run("local n = 0; for i = 1, 3 do local i = i; i = i * 2; n = n + i end return n"), 12)
fails("for i = 1, 2 do local function f () i = 1 end end", "c:1: attempt to assign to const variable 'i'")

-- floats print so that they read back
for _, v in ipairs {0.1, 1/3, 2/3, 0.1 + 0.2, math.pi, 1e15, 123456789.123, 2^53, 5e-324, 1.7976931348623157e308, 1e21, 1e-7} do
  equal(tonumber(tostring(v)), v); equal(tonumber(v .. ""), v); equal(load("return " .. tostring(v))(), v)
end
equal(0.1 .. "", "0.1"); equal(tostring(0.1 + 0.2), "0.30000000000000004"); equal(100.0 .. "", "100.0"); equal(tostring(1e100), "1e+100")

-- error objects that are nil become text
equal(show(pcall(error)), "false <no error object>"); equal(show(pcall(error, nil)), "false <no error object>")

-- table.create, utf8.offset, coroutine.close of oneself are in their libraries' files
equal(type(table.create), "function"); equal(select("#", utf8.offset("abc", 2)), 2); equal(_VERSION, "Lua 5.5")
equal(type(math.ldexp), "function"); equal(type(math.frexp), "function")

-- collectgarbage's parameters
equal(math.type(collectgarbage("param", "pause")), "integer")

-- strings: load with a reader, more precise upvalue names; 'syntax error' for a bad label stays
fails("goto nowhere", "c:1: no visible label 'nowhere' for <goto> at line 1")

return "ok", checks
