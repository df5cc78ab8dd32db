-- Operator precedence and associativity, short circuits, truth, evaluation order, multiple assignment.

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

local function run (source, ...)
  return assert(load(source, "=c"))(...)
end

equal(2 + 3 * 4, 14); equal((2 + 3) * 4, 20); equal(2 ^ 3 ^ 2, 512.0); equal(-2 ^ 2, -4.0); equal((-2) ^ 2, 4.0); equal(2 ^ -1, 0.5)
equal(not nil == true, true); equal(not (nil == true), true); equal(not 1 == 2, false); equal(-3 % 5, 2); equal(-(3 % 5), -3)
equal(1 .. 2 .. 3, "123"); equal("a" .. 1 + 2, "a3"); equal(2 * 3 .. "x", "6x"); equal(1 + 1 == 2, true); equal(1 < 2 == true, true)
equal("a" < "b" and 1 or 2, 1); equal(1 or error("never"), 1); equal(nil and error("never"), nil); equal(false or nil, nil); equal(nil or false, false)
equal(1 and 2, 2); equal(nil and 1 or 3, 3); equal(false and nil, false); equal(0 and "zero is true", "zero is true"); equal("" and 1, 1)
equal(1 | 2 & 3 << 1, 3); equal(5 & 3 == 1, true)
equal(1 << 2 + 1, 8); equal(6 ~ 3 | 8, (6 ~ 3) | 8); equal(7 & 6 ~ 1, (7 & 6) ~ 1); equal(~0 >> 60, 15); equal(~5 + 1, -5); equal(- -5, 5)
equal(1 .. 2 == "12", true); equal(2 // 3 * 3, 0); equal(7 // 2 % 2, 1); equal(10 - 5 - 2, 3); equal(100 / 10 / 2, 5.0); equal(2 * 3 % 4, 2)
equal(#"abc" + 1, 4); equal(-#"abc", -3); equal(not not nil, false); equal(#"a" .. "b", "1b"); equal(1 > 2 == false, true); equal(3 - -3, 6)
equal("10" + 1 .. "", "11"); equal(2^53 == 2^53 + 1, true); equal(1 << 63 < 0, true); equal(3 & 5 | 8 ~ 1, (3 & 5) | (8 ~ 1)); equal(- 2 ^ - 2, -0.25)
-- all combinations of and/or over truth values, in values and in conditions
do
  local vals = {"nil", "false", "true", "0", "''"}
  local function truth (v) return v ~= "nil" and v ~= "false" end
  for _, a in ipairs(vals) do for _, b in ipairs(vals) do for _, c in ipairs(vals) do
    local a_and_b = truth(a) and b or a
    local want = truth(a_and_b) and a_and_b or c
    local got, w = run("local a, b, c = " .. a .. "," .. b .. "," .. c .. " return a and b or c"), run("return " .. want)
    equal(got, w); equal(run("return " .. a .. " and " .. b .. " or " .. c), w)
    equal(run("local a, b, c = " .. a .. "," .. b .. "," .. c .. " if a and b or c then return 1 else return 0 end"), truth(want) and 1 or 0)
    equal(run("local a, b, c = " .. a .. "," .. b .. "," .. c .. " if not (a or b) and not c then return 1 else return 0 end"),
      (not (truth(a) or truth(b)) and not truth(c)) and 1 or 0)
  end end end
end
-- assignment: the right side first, then all at once
do
  local a, b, c = 1, 2, 3
  a, b, c = c, a, b; equal(show(a, b, c), "3 1 2")
  local i, t = 1, {}
  i, t[i] = i + 1, 20; equal(show(i, t[1], t[2]), "2 20 nil")
  local x, y = 1; equal(show(x, y), "1 nil"); x, y = 1, 2, 3; equal(show(x, y), "1 2")
  local function f () return 1, 2, 3 end
  local p, q, r, s = f(); equal(show(p, q, r, s), "1 2 3 nil"); p, q, r = 0, f(); equal(show(p, q, r), "0 1 2")
  p, q, r = f(), 10; equal(show(p, q, r), "1 10 nil"); p, q = (f()); equal(show(p, q), "1 nil"); p, q, r = f(), f(); equal(show(p, q, r), "1 1 2")
  t = {f(), f()}; equal(#t, 4); t = {f(), (f())}; equal(#t, 2); t = {f(), nil}; equal(t[2], nil); t = {[1] = "x", f()}; equal(t[1], 1)
  equal(show(f(), f()), "1 1 2 3"); equal(show((f())), "1"); equal(select("#", f(), nil), 2)
  t = {}; t.a, t.b, t.c = f(); equal(show(t.a, t.b, t.c), "1 2 3")
  local u = {1, 2}
  u[1], u[2] = u[2], u[1]; equal(show(u[1], u[2]), "2 1")
  local log = {}
  local mt = {__newindex = function (_, k, v) log[#log + 1] = k .. "=" .. tostring(v) end}
  local o = setmetatable({}, mt)
  o.a, o.b, o.c = 1, 2; table.sort(log); equal(table.concat(log, ","), "a=1,b=2,c=nil")
  local l1 = {v = 1}
  local l2 = l1
  l1.next, l1 = {v = 2}, {v = 3}; equal(show(l2.next.v, l1.v), "2 3")
  do local a <const>, b = 1, 2; b = a + b; equal(b, 3) end
end
-- operands are evaluated left to right
do
  local log = {}
  local function e (n, v) log[#log + 1] = n; return v or n end
  local function trace () local s = table.concat(log, " "); log = {}; return s end
  local _ = e(1) + e(2) * e(3); equal(trace(), "1 2 3"); _ = e(1) .. e(2) .. e(3); equal(trace(), "1 2 3"); _ = e(1) < e(2); equal(trace(), "1 2")
  _ = e(1) > e(2); equal(trace(), "1 2"); _ = {e(1), x = e(2), [e(3)] = e(4), e(5)}; equal(trace(), "1 2 3 4 5"); show(e(1), e(2), e(3)); equal(trace(), "1 2 3")
  _ = e(1) ^ e(2) ^ e(3); equal(trace(), "1 2 3"); _ = (e(1) and e(2)) or e(3); equal(trace(), "1 2"); _ = e(1) == 2 or e(2); equal(trace(), "1 2")
end
do   -- tables in constructors: order, trailing separators, nested, large
  equal(#{1, 2, 3,}, 3); equal(#{1; 2; 3;}, 3); equal(({a = 1, ["b c"] = 2, [3] = 3})["b c"], 2); equal(({{{5}}})[1][1][1], 5)
  equal(({1, 2, [2] = "x"})[2], 2); equal(({[1] = "a", "b"})[1], "b"); equal(({n = 1, n = 2}).n, 2); equal(#{nil, nil, 3} % 3, 0)
  local t = run("return {" .. ("1,"):rep(500) .. "}"); equal(#t, 500); t = run("local f = ... return {f(), f(), f()}", function () return 1, 2 end); equal(#t, 4)
end

return "ok", checks
