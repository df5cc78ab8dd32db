-- Pattern items: character classes, sets, quantifiers, anchors, %b, %f, back references, captures.

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

local find, match = string.find, string.match

-- every class against every byte, by the C locale's definition
do
  local function range (...)
    local set = {}
    for i = 1, select("#", ...), 2 do
      local a, b = select(i, ...)
      for c = a, b do set[c] = true end
    end
    return set
  end
  local classes = {
    a = range(65, 90, 97, 122), d = range(48, 57), l = range(97, 122), u = range(65, 90),
    s = range(9, 13, 32, 32), x = range(48, 57, 65, 70, 97, 102), w = range(48, 57, 65, 90, 97, 122),
    c = range(0, 31, 127, 127), p = range(33, 47, 58, 64, 91, 96, 123, 126), g = range(33, 126),
  }
  for class, set in pairs(classes) do
    for c = 0, 255 do
      local s = string.char(c)
      local inside = set[c] or false
      equal(find(s, "%" .. class) == 1, inside)
      equal(find(s, "%" .. class:upper()) == 1, not inside)
      equal(find(s, "[%" .. class .. "]") == 1, inside)
      equal(find(s, "[^%" .. class .. "]") == 1, not inside)
      equal(find(s, "[%" .. class:upper() .. "]") == 1, not inside)
    end
  end
  for c = 0, 255 do
    local s = string.char(c)
    equal(find(s, "."), 1)
    if c ~= 0 and not s:find("%w") then equal(find(s, "%" .. s), 1) end
  end
end

-- sets
equal(match("hello world", "[aeiou]+", 5), "o")
equal(match("x-y", "[a%-]", 2), "-")
equal(match("a]b", "[]]"), "]")
equal(match("a]b", "[^]]+"), "a")
equal(match("a^b", "[%^]"), "^")
equal(match("a^b", "[b^]+"), "^b")
equal(match("-", "[-]"), "-")
equal(match("a-z", "[a-]+"), "a-")
equal(match("a-z", "[-z]+"), "-z")
equal(match("m", "[a-z]"), "m")
equal(match("M", "[a-z]"), nil)
equal(match("09", "[0-9]+"), "09")
equal(match("%d", "[%%]"), "%")
equal(match("f3", "[%a%d]+"), "f3")
equal(match("f3", "[^%s%p]+"), "f3")
equal(match("a.b", "[.]"), ".")
equal(match("a*b", "[*]"), "*")
equal(match("a\0b", "[\0]"), "\0")
equal(match("a\0b", "[^\0]+"), "a")
equal(match("\0\1\2", "[\0-\2]+"), "\0\1\2")
equal(match("\200\250", "[\128-\255]+"), "\200\250")
equal(match("x", "[b-a]"), nil)
equal(match("]", "[^%]]"), nil)
equal(match("[", "[[]"), "[")
equal(match("a-", "[%a-]+"), "a-")
equal(match("b", "[%a-z]"), "b")
equal(match("-", "[%a-z]"), "-")

-- quantifiers
equal(match("aaa", "a*"), "aaa")
equal(match("baaa", "a*"), "")
equal(match("aaa", "a+"), "aaa")
equal(match("", "a+"), nil)
equal(match("aaa", "a-"), "")
equal(match("aaab", "^a-b"), "aaab")
equal(match("aab", "a?b"), "ab")
equal(match("b", "a?b"), "b")
equal(match("aab", "^a?b"), nil)
equal(match("<a><b>", "<.->"), "<a>")
equal(match("<a><b>", "<.*>"), "<a><b>")
equal(match("aaa", "a-$"), "aaa")
equal(match("key = value", "^(%w+)%s*=%s*(%w+)$"), "key")
equal(match("aXb", "a.?b"), "aXb")
equal(match("ab", "a.?b"), "ab")
equal(match("aaaaab", "a*ab"), "aaaaab")
equal(match("a*b", "a%*b"), "a*b")
equal(match("a+", "%+"), "+")
equal(match("**", "**"), "**")               -- a star at the start of an item is itself
equal(match("x^2", "x^2"), "x^2")
equal(match("a$b", "a$b"), "a$b")

-- anchors
equal(show(find("hello", "^h")), "1 1")
equal(find("hello", "^e"), nil)
equal(show(find("hello", "o$")), "5 5")
equal(find("hello", "l$"), nil)
equal(show(find("hello", "^$")), "nil")
equal(show(find("", "^$")), "1 0")
equal(show(find("hello", "$")), "6 5")
equal(show(find("a^", "^", 1, true)), "2 2")
equal(show(find("xabc", "^abc", 2)), "2 4")
equal(show(find("a$", "%$")), "2 2")
equal(show(find("abc", "()$")), "4 3 4")

-- %b
equal(match("f(a(b)c)d", "%b()"), "(a(b)c)")
equal(match("((a)", "%b()"), "(a)")
equal(match("())", "%b()"), "()")
equal(match("(((", "%b()"), nil)
equal(match("if x then y end", "%bxy"), "x then y")
equal(match("''", "%b''"), "''")
equal(match("a'b'c", "%b''"), "'b'")
equal(match("{[}]", "%b{}"), "{[}")
equal(match("\0a\1", "%b\0\1"), "\0a\1")
equal(match("a [[x]] b", "%b[]"), "[[x]]")
equal(string.gsub("a(b)c(d(e))f", "%b()", ""), "acf")
equal(match("3-(2*(1+1))-x", "%-(%b())%-"), "(2*(1+1))")

-- %f
equal(string.gsub("THE (quick) fox", "%f[%a]%a+%f[%A]", "X"), "X (X) X")
equal(show(find("aba", "%f[b]")), "2 1")
equal(show(find("aba", "%f[a]")), "1 0")
equal(show(find("aba", "%f[%z]")), "4 3")
equal(show(find("aba", "%f[\0]")), "4 3")
equal(show(find("aba", "%f[^a]")), "2 1")
equal(show(find("", "%f[%z]")), "nil")
equal(show(find("", "%f[^%z]")), "nil")
equal(show(find("x1 y2", "%f[%w]%a%d", 2)), "4 5")
equal(string.gsub("foo.bar", "%f[%w]", "<"), "<foo.<bar")
equal(string.gsub("foo.bar", "%f[%W]", ">"), "foo>.bar>")

-- captures
equal(show(match("2026-11-20", "(%d+)-(%d+)-(%d+)")), "2026 11 20")
equal(show(match("hello", "()ll()")), "3 5")
equal(show(match("hello", "(h)(e)(l)(l)(o)")), "h e l l o")
equal(show(match("hello", "((h)(e(l)))")), "hel h el l")
equal(show(match("abc", "()")), "1")
equal(show(match("abc", "(a*(.)%w(%s*))")), "abc b ")
equal(show(match("x", "(y?)x")), "")
equal(show(find("hello", "(l+)")), "3 4 ll")
equal(show(find("abc", "(a)(b)(c)")), "1 3 a b c")
equal(show(match("  trim me  ", "^%s*(.-)%s*$")), "trim me")
equal(show(match("abcdefghijklmnopqrstuvwxyz012345", string.rep("(.)", 32))),
  "a b c d e f g h i j k l m n o p q r s t u v w x y z 0 1 2 3 4 5")

-- back references
equal(match("abab", "(ab)%1"), "ab")
equal(match([[say "hi" 'x']], [[(["'])(.-)%1]]), '"')
equal(show(match([[say 'it"s' x]], [[(["'])(.-)%1]])), "' it\"s")
equal(match("aa", "^(a)%1$"), "a")
equal(match("ab", "^(a)%1$"), nil)
equal(match("hello", "(.)%1"), "l")
equal(match("xyzzyx", "(.)(.)(.)%3%2%1"), "x")
equal(match("aXbX", "a(.)b%1"), "X")
equal(show(find("  ", "( )%1")), "1 2  ")

-- NUL and long subjects
equal(show(find("a\0b\0c", "\0", 3)), "4 4")
equal(show(find("a\0b", "%z")), "2 2")
equal(show(find("ab\0cd", "b\0c")), "2 4")
equal(match("\0\0\0", "%z+"), "\0\0\0")
equal(#match(string.rep("a", 100000), ".*"), 100000)
equal(#match(string.rep("a", 100000), ".-$"), 100000)
equal(#match(string.rep("a", 100000) .. "b", "a+b"), 100001)
equal(match(string.rep("a", 10000) .. "b", "^[^b]*b()"), 10002)

return "ok", checks
