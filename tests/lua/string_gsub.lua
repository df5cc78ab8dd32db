-- string.gsub: string, table and function replacements, limits, anchors, empty matches, errors.

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

local function raises (text, f, ...)   -- the error message contains the text
  checks = checks + 1
  local ok, err = pcall(f, ...)
  if ok or not string.find(tostring(err), text, 1, true) then
    error("want the error '" .. text .. "', got " .. tostring(err), 2)
  end
end

local gsub = string.gsub

equal(show(gsub("hello world", "o", "0")), "hell0 w0rld 2")
equal(show(gsub("hello", "", "-")), "-h-e-l-l-o- 6")
equal(show(gsub("", "", "x")), "x 1")
equal(show(gsub("", "a", "x")), " 0")
equal(show(gsub("abc", "%w", "%0%0")), "aabbcc 3")
equal(show(gsub("abc", "%w", "%1")), "abc 3")
equal(show(gsub("hello world", "(%w+) (%w+)", "%2 %1")), "world hello 1")
equal(show(gsub("abc", "b", "%%")), "a%c 1")
equal(show(gsub("abc", "(b)()", "<%1%2>")), "a<b3>c 1")
equal(show(gsub("abc def", "%f[%w]%w+", "X")), "X X 2")
equal(show(gsub("a.b.c", "%.", "")), "abc 2")
equal(show(gsub("abc", "^a", "x")), "xbc 1")
equal(show(gsub("aaa", "^a", "x")), "xaa 1")
equal(show(gsub("abc", "c$", "x")), "abx 1")
equal(show(gsub("abc", "$", "x")), "abcx 1")
equal(show(gsub("abc", "^", "x")), "xabc 1")
equal(show(gsub("a b  c", "%s*", "_")), "_a_b_c_ 4")
equal(show(gsub("abc", "b*", "-")), "-a-c- 3")
equal(show(gsub("abc", "b-", "-")), "-a-b-c- 4")
equal(show(gsub("a\0b\0c", "\0", "0")), "a0b0c 2")
equal(show(gsub("a b", " ", "\0")), "a\0b 1")
equal(show(gsub(123, 2, 5)), "153 1")
equal(show(gsub("a,b,,c", "[^,]*", "x")), "x,x,x,x 4")

-- limits
equal(show(gsub("aaaa", "a", "b", 2)), "bbaa 2")
equal(show(gsub("aaaa", "a", "b", 0)), "aaaa 0")
equal(show(gsub("aaaa", "a", "b", -1)), "aaaa 0")
equal(show(gsub("aaaa", "a", "b", 100)), "bbbb 4")
equal(show(gsub("aaaa", "a", "b", math.maxinteger)), "bbbb 4")
equal(show(gsub("aaaa", "a", "b", math.mininteger)), "aaaa 0")
equal(show(gsub("aaaa", "", "-", 2)), "-a-aaa 2")
equal(show(gsub("aaaa", "a", "b", 2.0)), "bbaa 2")
equal(show(gsub("aaaa", "a", "b", nil)), "bbbb 4")

-- table
equal(show(gsub("$name is $age", "%$(%w+)", {name = "Lua", age = 33})), "Lua is 33 2")
equal(show(gsub("abc", "%w", {a = "1", c = false})), "1bc 3")
equal(show(gsub("abc", "%w", {b = true and "B"})), "aBc 3")
equal(show(gsub("abc", "(a)(b)", {a = "first"})), "firstc 1")
equal(show(gsub("abc", "()", {[1] = "x", [4] = "y"})), "xabcy 4")
equal(show(gsub("abc", "%w", setmetatable({}, {__index = function (_, k) return k .. k end}))), "aabbcc 3")
equal(show(gsub("a1", ".", {["1"] = 2.5})), "a2.5 2")

-- function
equal(show(gsub("abc", "%w", function (c) return c:upper() end)), "ABC 3")
equal(show(gsub("abc", "%w", function () end)), "abc 3")
equal(show(gsub("abc", "%w", function () return false end)), "abc 3")
equal(show(gsub("abc", "%w", function () return nil end)), "abc 3")
equal(show(gsub("abc", "b", function () return 7 end)), "a7c 1")
equal(show(gsub("abc", "b", function () return 7.5 end)), "a7.5c 1")
equal(show(gsub("abc", "(.)(.)", function (...) return select("#", ...) .. (select(2, ...)) end)), "2bc 1")
equal(show(gsub("abc", "()b()", function (i, j) return i * 10 + j end)), "a23c 1")
equal(show(gsub("abc", "b", function () return "%1" end)), "a%1c 1")   -- not expanded
equal(show(gsub("hello", "l+", string.upper)), "heLLo 1")
do
  local order = {}
  gsub("one two", "%a+", function (w) order[#order + 1] = w end)
  equal(table.concat(order, ","), "one,two")
end
-- nested gsub, and the subject is not touched while it is walked
equal(show(gsub("a-b", "%a", function (c) return (gsub(c .. c, c, "<%0>")) end)), "<a><a>-<b><b> 2")

-- the result is the same string when nothing is replaced
do
  local s = string.rep("long subject ", 20)
  equal(gsub(s, "zzz", "y"), s)
  equal(gsub(s, "%a+", function () end), s)
end
equal(#gsub(string.rep("a", 10000), "a", "bb"), 20000)
equal(select(2, gsub(string.rep("a", 10000), "a", "bb")), 10000)
equal(#gsub(string.rep("a", 1000), "a", string.rep("x", 100)), 100000)

-- errors
raises("bad argument #3 to 'string.gsub' (string/function/table expected, got nil)", gsub, "a", "a", nil)
raises("bad argument #3 to 'string.gsub' (string/function/table expected, got no value)", gsub, "a", "a")
raises("bad argument #3 to 'string.gsub' (string/function/table expected, got boolean)", gsub, "a", "a", true)
raises("bad argument #4 to 'string.gsub' (number expected, got string)", gsub, "a", "a", "a", "x")
raises("invalid use of '%' in replacement string", gsub, "a", "a", "%")
raises("invalid use of '%' in replacement string", gsub, "a", "a", "%a")
raises("invalid use of '%' in replacement string", gsub, "a", "a", "x%")
raises("invalid capture index %2", gsub, "a", "a", "%2")
raises("invalid capture index %3", gsub, "ab", "(a)(b)", "%3")
raises("invalid replacement value (a table)", gsub, "a", "a", function () return {} end)
raises("invalid replacement value (a boolean)", gsub, "a", "a", function () return true end)
raises("invalid replacement value (a function)", gsub, "a", "a", {a = print})
raises("unfinished capture", gsub, "a", "(a", "%1")
equal(gsub("a", "(a", "x"), "x")             -- only a capture that is used has to be closed
raises("boom", gsub, "abc", "b", function () error("boom") end)
raises("attempt to yield across a C-call boundary", coroutine.wrap(function ()
  return gsub("a", "a", coroutine.yield)
end))

return "ok", checks
