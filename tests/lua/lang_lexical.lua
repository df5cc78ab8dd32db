-- Lexical conventions: escapes, long strings, line ends, comments, numerals, names, separators.

local checks = 0

local function equal (got, want)
  checks = checks + 1
  if not rawequal(got, want) or math.type(got) ~= math.type(want) then
    error("got " .. tostring(got) .. ", want " .. tostring(want), 2)
  end
end

local function run (source, ...)
  return assert(load(source, "=c"))(...)
end

local function value (s) return run("return " .. s) end

equal(value [["\a\b\f\n\r\t\v\\\"\'"]], "\7\8\12\10\13\9\11\92\34\39")
equal(value [['\a\'"']], "\7'\"")
equal(value [["\65\066\0067"]], "AB\0067"); equal(value [["\x41\x4a\xFf"]], "AJ\255")
equal(value [["\0\00\000"]], "\0\0\0"); equal(#value [["a\0b"]], 3); equal(value [["\2559"]], "\2559")
equal(value [["\u{41}\u{20AC}\u{0}\u{10FFFF}"]], "A€\0\u{10FFFF}"); equal(value [["\u{00000041}"]], "A")
equal(value "'a\\\nb'", "a\nb"); equal(value "'a\\\r\nb'", "a\nb"); equal(value "'a\\\rb'", "a\nb"); equal(value "'a\\\n\rb'", "a\nb")
equal(value "'a\\z   \n\t  b'", "ab"); equal(value "'a\\z'", "a"); equal(value "'\\z \\z b'", "b")
equal(value "[[]]", ""); equal(value "[[a]]", "a"); equal(value "[[\na]]", "a"); equal(value "[[\n\na]]", "\na")
equal(value "[[\r\na]]", "a"); equal(value "[[a\r\nb\rc\n\rd\ne]]", "a\nb\nc\nd\ne"); equal(value "[==[]]==]", "]"); equal(value "[=[ ]] ]=]", " ]] ")
equal(value "[=[a]==]b]=]", "a]==]b"); equal(value "[[a\\nb]]", "a\\nb"); equal(value "[[ [[ ]]", " [[ "); equal(#value("[[\0\1]]"), 2)
equal(value("[====[" .. ("x"):rep(5000) .. "]====]"), ("x"):rep(5000))
-- comments
equal(run("--\nreturn 1"), 1); equal(run("--[[ x ]] return 2"), 2); equal(run("--[==[ ]] \n ]==] return 3"), 3)
equal(run("--[ not long\nreturn 4"), 4); equal(run("return 5 --"), 5); equal(run("return --[[x]] 6 --[[y]]"), 6); equal(run("---[[ x\nreturn 7"), 7)
equal(run("--[=[\n--]]\n--]=]\nreturn 8"), 8); equal(run("return 9 -- no newline at the end"), 9); equal(run("--[=x\nreturn 10"), 10)
-- numerals
equal(value "0x10", 16); equal(value "0Xa", 10); equal(value "1e2", 100.0); equal(value "1E+2", 100.0); equal(value ".5", 0.5); equal(value "5.", 5.0)
equal(value "0x.8", 0.5); equal(value "0x1p4", 16.0); equal(value "0xA.8p1", 21.0); equal(value "3", 3); equal(value "3.0", 3.0); equal(value "007", 7)
equal(value "9223372036854775807", math.maxinteger); equal(value "9223372036854775808", 2^63); equal(value "0xffffffffffffffffff", -1)
equal(value "1e308 * 10", math.huge); equal(value "1e-400", 0.0); equal(value "0x7fffffffffffffff + 1", math.mininteger)
equal(value "3-2", 1); equal(value "3 - -2", 5); equal(value "1 ..2", "12"); equal(value "0xep1", 28.0); equal(value "0xe+1", 15); equal(value "4-.5", 3.5)
equal(value "100000000000000000000000", 1e23); equal(value "0.1e1", 1.0); equal(value "1e0", 1.0)
-- names, separators
equal(run("local _, _1, __a, A1 = 1, 2, 3, 4 return _ + _1 + __a + A1"), 10); equal(run(";;; ; return 1;"), 1); equal(run("local a;local b=2;;;return b"), 2)
equal(run("local gotoo, endx, iff, nott = 1, 2, 3, 4 return gotoo + endx + iff + nott"), 10)
equal(run("local x = 1 local y = 2 return x + y"), 3); equal(run("do end do end return 1"), 1); equal(run("local " .. ("n"):rep(1000) .. " = 7 return " .. ("n"):rep(1000)), 7)
equal(run("local f = function (...) return select('#', ...) end return f{}"), 1); equal(run("return (function (s) return s end)'x'"), "x"); equal(run("return (function (s) return s end)[[y]]"), "y")
equal(run("return #'abc' .. 'd'"), "3d"); equal(run("return ('x'):rep(3)"), "xxx"); equal(run("return (\"%d\"):format(5)"), "5"); equal(run("return #{...}"), 0)
equal(run("return 1\v\f\t "), 1)
equal(run("local a = {} a.b = 1 a['c'] = 2 a . d = 3 return a.b + a.c + a.d"), 6)
-- every reserved word is refused as a name
for w in ("and break do else elseif end false for function goto if in local nil not or repeat return then true until while"):gmatch("%a+") do
  checks = checks + 1
  if load("local " .. w .. " = 1") or load("x." .. w .. " = 1") then error(w) end
end
equal(run("local t = {['end'] = 1, [true] = 2} return t['end'] + t[true]"), 3)

return "ok", checks
