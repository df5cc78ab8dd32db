-- Syntax errors: the exact text with what is expected and what it is near, and the line.

local checks = 0
local is55 = _VERSION == "Lua 5.5"

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

local function fails (source, want)   -- compiling or running gives this very message
  checks = checks + 1
  local _, ok, err = pcall(load, source, "=c")
  if ok then ok, err = pcall(ok) end
  if ok or err ~= want then
    error("want the error '" .. want .. "', got " .. tostring(err), 2)
  end
end

-- near what
fails("x", "c:1: syntax error near <eof>")
fails("x =", "c:1: unexpected symbol near <eof>")
fails("x = }", "c:1: unexpected symbol near '}'")
fails("= 1", "c:1: unexpected symbol near '='")
fails("x y", "c:1: syntax error near 'y'")
fails("x 1", "c:1: syntax error near '1'")
fails("1", "c:1: unexpected symbol near '1'")
fails("'str'", "c:1: unexpected symbol near ''str''")
fails("f(", "c:1: unexpected symbol near <eof>")
fails("f(1", "c:1: ')' expected near <eof>")
fails("f(1 2)", "c:1: ')' expected near '2'")
fails("f(\n1\n", "c:3: ')' expected (to close '(' at line 1) near <eof>")
fails("x = {1, 2", "c:1: '}' expected near <eof>")
fails("x = {\n1", "c:2: '}' expected (to close '{' at line 1) near <eof>")
fails("x = {1 2}", "c:1: '}' expected near '2'")
fails("x = {[1] 2}", "c:1: '=' expected near '2'")
fails("x = {[1 = 2}", "c:1: ']' expected near '='")
fails("x = a[1", "c:1: ']' expected near <eof>")
fails("if x", "c:1: 'then' expected near <eof>")
fails("if x then", "c:1: 'end' expected near <eof>")
fails("if x then\n\n", "c:3: 'end' expected (to close 'if' at line 1) near <eof>")
fails("if x then else elseif y then end", "c:1: 'end' expected near 'elseif'")
fails("while x", "c:1: 'do' expected near <eof>")
fails("while x do\nx()\n", "c:3: 'end' expected (to close 'while' at line 1) near <eof>")
fails("repeat x()", "c:1: 'until' expected near <eof>")
fails("repeat\nx()\n", "c:3: 'until' expected (to close 'repeat' at line 1) near <eof>")
fails("for", "c:1: <name> expected near <eof>")
fails("for i", "c:1: '=' or 'in' expected near <eof>")
fails("for i = 1", "c:1: ',' expected near <eof>")
fails("for i = 1 do end", "c:1: ',' expected near 'do'")
fails("for i = 1, 2", "c:1: 'do' expected near <eof>")
fails("for i, j = 1, 2 do end", "c:1: 'in' expected near '='")
fails("for i = 1, 2, 3, 4 do end", "c:1: 'do' expected near ','")
fails("for 1 = 1, 2 do end", "c:1: <name> expected near '1'")
fails("for i in x do\n", "c:2: 'end' expected (to close 'for' at line 1) near <eof>")
fails("function", "c:1: <name> expected near <eof>")
fails("function f", "c:1: '(' expected near <eof>")
fails("function f(", "c:1: <name> or '...' expected near <eof>")
fails("function f(a", "c:1: ')' expected near <eof>")
fails("function f(a,)", "c:1: <name> or '...' expected near ')'")
fails("function f(..., a) end", "c:1: ')' expected near ','")
fails("function f()\n\n", "c:3: 'end' expected (to close 'function' at line 1) near <eof>")
fails("function f.1() end", "c:1: '(' expected near '.1'")
fails("function f:a.b() end", "c:1: '(' expected near '.'")
fails("function f[1]() end", "c:1: '(' expected near '['")
fails("local", "c:1: <name> expected near <eof>")
fails("local 1", "c:1: <name> expected near '1'")
fails("local x.y = 1", "c:1: unexpected symbol near '.'")
fails("local function f.g() end", "c:1: '(' expected near '.'")
fails("local x = ", "c:1: unexpected symbol near <eof>")
fails("return return", "c:1: unexpected symbol near 'return'")
fails("return 1,", "c:1: unexpected symbol near <eof>")
fails("return 1; x = 2", "c:1: <eof> expected near 'x'")
fails("do return 1 x = 2 end", "c:1: 'end' expected near 'x'")
fails("end", "c:1: <eof> expected near 'end'")
fails("x = 1 end", "c:1: <eof> expected near 'end'")
fails("until x", "c:1: <eof> expected near 'until'")
fails("else", "c:1: <eof> expected near 'else'")
fails("break", is55 and "c:1: break outside loop near 'break'"
  or "c:1: break outside loop at line 1")
fails("if x then break end", is55 and "c:1: break outside loop near 'break'"
  or "c:1: break outside loop at line 1")
fails("while true do (function () break end)() end", is55 and "c:1: break outside loop near 'break'"
  or "c:1: break outside loop at line 1")
fails("a.b:c = 1", "c:1: function arguments expected near '='")
fails("a:b", "c:1: function arguments expected near <eof>")
fails("a:1()", "c:1: <name> expected near '1'")
fails("a. = 1", "c:1: <name> expected near '='")
fails("f() = 1", "c:1: syntax error near '='")
fails("(f) = 1", "c:1: syntax error near '='")
fails("a, f() = 1, 2", "c:1: syntax error near '='")
fails("a + 1 = 2", "c:1: syntax error near '+'")
fails("x = 1 +", "c:1: unexpected symbol near <eof>")
fails("x = * 2", "c:1: unexpected symbol near '*'")
fails("x = not", "c:1: unexpected symbol near <eof>")
fails("x = a..b..", "c:1: unexpected symbol near <eof>")
fails("x = ~", "c:1: unexpected symbol near <eof>")
fails("x ~= 1", "c:1: syntax error near '~='")
fails("x == 1", "c:1: syntax error near '=='")
fails("x != 1", "c:1: syntax error near '!'")
fails("x += 1", "c:1: syntax error near '+'")
fails("x = 1 ? 2 : 3", "c:1: unexpected symbol near '?'")
fails("x = @", "c:1: unexpected symbol near '@'")
fails("x = \1", "c:1: unexpected symbol near '<\\1>'")
fails("x = \0", "c:1: unexpected symbol")
fails("x = \200", "c:1: unexpected symbol near '<\\200>'")
fails("\xEF\xBB\xBFx = 1", "c:1: unexpected symbol near '<\\239>'")
fails("x = and", "c:1: unexpected symbol near 'and'")
fails("and = 1", "c:1: unexpected symbol near 'and'")
fails("local end = 1", "c:1: <name> expected near 'end'")
fails("x.and = 1", "c:1: <name> expected near 'and'")
fails("function f() return ... end", "c:1: cannot use '...' outside a vararg function near '...'")
fails("x = function (a, b, a) return ... end", "c:1: cannot use '...' outside a vararg function near '...'")

-- goto
fails("goto x", "c:1: no visible label 'x' for <goto> at line 1")
fails("\ngoto x\n", is55 and "c:2: no visible label 'x' for <goto> at line 2"
  or "c:3: no visible label 'x' for <goto> at line 2")
fails("do ::x:: end goto x", "c:1: no visible label 'x' for <goto> at line 1")
fails("goto x; local a; ::x:: print(a)", is55 and "c:1: <goto x> at line 1 jumps into the scope of 'a'"
  or "c:1: <goto x> at line 1 jumps into the scope of local 'a'")
fails("::x:: ::x::", "c:1: label 'x' already defined on line 1")
fails("::x::\ndo\n::x::\nend", is55 and "c:3: label 'x' already defined on line 1"
  or "c:4: label 'x' already defined on line 1")
fails("goto 1", "c:1: <name> expected near '1'")
fails("::x", "c:1: '::' expected near <eof>")
fails("::1::", "c:1: <name> expected near '1'")
fails("repeat if x then goto cont end; local a = 1; ::cont:: until a", is55 and "c:1: <goto cont> at line 1 jumps into the scope of 'a'"
  or "c:1: <goto cont> at line 1 jumps into the scope of local 'a'")
fails("function f () goto x end ::x::", "c:1: no visible label 'x' for <goto> at line 1")

-- numbers
fails("x = 3x", "c:1: malformed number near '3x'")
fails("x = 3.4.5", "c:1: malformed number near '3.4.5'")
fails("x = 0x", "c:1: malformed number near '0x'")
fails("x = 0xg", "c:1: malformed number near '0xg'")
fails("x = 1e", "c:1: malformed number near '1e'")
fails("x = 1e+", "c:1: malformed number near '1e+'")
fails("x = 0x1p", "c:1: malformed number near '0x1p'")
fails("x = 1..2", "c:1: malformed number near '1..2'")
fails("x = 3_000", "c:1: malformed number near '3_'")
fails("x = 08y", "c:1: malformed number near '08y'")

-- strings
fails("x = 'abc", "c:1: unfinished string near <eof>")
fails('x = "abc', "c:1: unfinished string near <eof>")
fails("x = 'abc\ndef'", "c:1: unfinished string near ''abc'")
fails("x = [[abc", "c:1: unfinished long string (starting at line 1) near <eof>")
fails("x = \n[==[abc\n]]\n", "c:4: unfinished long string (starting at line 2) near <eof>")
fails("x = [=abc", "c:1: invalid long string delimiter near '[='")
fails("--[[ abc", "c:1: unfinished long comment (starting at line 1) near <eof>")
fails("\n--[==[ abc\n\n]]", "c:4: unfinished long comment (starting at line 2) near <eof>")
fails([[x = '\q']], [[c:1: invalid escape sequence near ''\q']])
fails([[x = 'abc\q']], [[c:1: invalid escape sequence near ''abc\q']])
fails([[x = '\xg0']], [[c:1: hexadecimal digit expected near ''\xg']])
fails([[x = '\x1']], [[c:1: hexadecimal digit expected near ''\x1'']])
fails([[x = '\300']], [[c:1: decimal escape too large near ''\300'']])
fails([[x = '\999']], [[c:1: decimal escape too large near ''\999'']])
fails([[x = '\]], "c:1: unfinished string near <eof>")
fails("x = 'ab\\z  \n\n  ", "c:3: unfinished string near <eof>")
fails("x = '" .. string.rep("long", 30), "c:1: unfinished string near <eof>")

-- limits
fails("x = " .. string.rep("(", 300) .. "1" .. string.rep(")", 300), "C stack overflow")
fails(string.rep("do ", 300) .. string.rep("end ", 300), "C stack overflow")
fails("x = " .. string.rep("{", 300) .. string.rep("}", 300), "C stack overflow")
fails("x = " .. string.rep("not ", 300) .. "1", "C stack overflow")
fails("x = " .. string.rep("- ", 300) .. "1", "C stack overflow")
fails("x = " .. string.rep("a.. ", 300) .. "1", "C stack overflow")
fails("x = " .. string.rep("2^", 300) .. "1", "C stack overflow")
do
  local t = {}
  for i = 1, 201 do t[i] = "v" .. i end
  fails("local " .. table.concat(t, ", "), "c:1: too many local variables (limit is 200) in main function near <eof>")
  fails("function f()\nlocal " .. table.concat(t, ", ") .. "\nend", "c:3: too many local variables (limit is 200) in function at line 1 near 'end'")
  local src = {}
  for b = 0, 1 do   -- two levels of functions with 150 locals each, 300 upvalues in the third
    local names = {}
    for i = 1, 150 do names[i] = "u" .. b .. "_" .. i end
    src[#src + 1] = "local " .. table.concat(names, ",") .. "\nreturn function ()\n"
  end
  for b = 0, 1 do for i = 1, 150 do src[#src + 1] = "u" .. b .. "_" .. i .. " = 1\n" end end
  src[#src + 1] = "end end"
  local f, e = load(table.concat(src), "=c")
  equal(f, nil)
  check(e:find("too many upvalues (limit is 255) in function at line 4", 1, true), e)
end
fails("x = function () " .. string.rep("a = function () ", 250) .. string.rep("end ", 250) .. "end", "C stack overflow")
check(load("x = " .. string.rep("a .. ", 150) .. "'e'"))

return "ok", checks
