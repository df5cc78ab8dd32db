-- string.format: integers, strings, characters, pointers, flags, widths, %q and the errors.
-- (Floats are in string_format_float.lua.)

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

local f = string.format

-- %d and %i
equal(f("%d", 0), "0")
equal(f("%d", -0), "0")
equal(f("%d", 3.0), "3")
equal(f("%d", "10"), "10")
equal(f("%d", " 0x10 "), "16")
equal(f("%i", 42), "42")
equal(f("%d", math.maxinteger), "9223372036854775807")
equal(f("%d", math.mininteger), "-9223372036854775808")
equal(f("%5d|", 42), "   42|")
equal(f("%-5d|", 42), "42   |")
equal(f("%05d", 42), "00042")
equal(f("%05d", -42), "-0042")
equal(f("%+d", 42), "+42")
equal(f("%+d", -42), "-42")
equal(f("%+d", 0), "+0")
equal(f("% d", 42), " 42")
equal(f("% d", -42), "-42")
equal(f("%.3d", 5), "005")
equal(f("%.0d", 0), "")
equal(f("%.0d", 1), "1")
equal(f("%.d", 0), "")
equal(f("%8.3d|", -5), "    -005|")
equal(f("%-8.3d|", -5), "-005    |")
equal(f("%+.3d", 5), "+005")
equal(f("%99d", 7), string.rep(" ", 98) .. "7")
equal(f("%.99d", 7), string.rep("0", 98) .. "7")
equal(f("%-99d", 7), "7" .. string.rep(" ", 98))
equal(f("%99.99d", -7), "-" .. string.rep("0", 98) .. "7")

-- %x %X %o %u
equal(f("%x", 255), "ff")
equal(f("%X", 255), "FF")
equal(f("%o", 8), "10")
equal(f("%x", -1), "ffffffffffffffff")
equal(f("%X", math.mininteger), "8000000000000000")
equal(f("%o", -1), "1777777777777777777777")
equal(f("%#x", 255), "0xff")
equal(f("%#X", 255), "0XFF")
equal(f("%#o", 8), "010")
equal(f("%#x", 0), "0")
equal(f("%08x", 0xBEEF), "0000beef")
equal(f("%-8x|", 0xBEEF), "beef    |")
equal(f("%.8x", 0xBEEF), "0000beef")
equal(f("%#10x|", 0xBEEF), "    0xbeef|")
equal(f("%#010x", 0xBEEF), "0x0000beef")
equal(f("%.0x", 0), "")
equal(f("%u", -1), "18446744073709551615")

-- %c
equal(f("%c", 65), "A")
equal(f("%c%c%c", 72, 105, 33), "Hi!")
equal(f("%5c|", 65), "    A|")
equal(f("%-5c|", 65), "A    |")
equal(#f("%c", 0), 1)
equal(f("%c", 0), "\0")
equal(f("a%cb", 0), "a\0b")
raises("invalid conversion specification: '%.3c'", f, "%.3c", 65)
raises("invalid conversion specification: '%05c'", f, "%05c", 65)

-- %s
equal(f("%s", "x"), "x")
equal(f("%s", 1), "1")
equal(f("%s", 1.0), "1.0")
equal(f("%s", nil), "nil")
equal(f("%s %s", true, false), "true false")
equal(f("%10s|", "abc"), "       abc|")
equal(f("%-10s|", "abc"), "abc       |")
equal(f("%.2s", "abc"), "ab")
equal(f("%.0s", "abc"), "")
equal(f("%.s", "abc"), "")
equal(f("%5.1s|", "abc"), "    a|")
equal(f("%-5.1s|", "abc"), "a    |")
equal(f("%.20s", "abc"), "abc")
equal(f("%s", "a\0b"), "a\0b")
equal(f("%s|%s", "a\0b", "c"), "a\0b|c")
equal(f("%s", string.rep("x", 1000)), string.rep("x", 1000))
equal(f("%10s", string.rep("x", 1000)), string.rep("x", 1000))
equal(f("%.5s", string.rep("x", 1000)), "xxxxx")
raises("bad argument #2 to 'string.format' (string contains zeros)", f, "%10s", "a\0b")
raises("invalid conversion specification: '%05s'", f, "%05s", "x")
raises("invalid conversion specification: '%+s'", f, "%+s", "x")
equal(f("%s", setmetatable({}, {__tostring = function () return "obj" end})), "obj")
equal(f("%5s", setmetatable({}, {__tostring = function () return "obj" end})), "  obj")
raises("'__tostring' must return a string", f, "%s",
  setmetatable({}, {__tostring = function () return {} end}))
check(f("%s", setmetatable({}, {__name = "My Type"})):find("^My Type: "))
check(f("%s", {}):find("^table: "))
check(f("%s", print):find("^builtin: ") or f("%s", print):find("^function: "))

-- %%
equal(f("%%"), "%")
equal(f("%d%%", 50), "50%")
equal(f("%%%%%%"), "%%%")
equal(f("%%d"), "%d")
equal(f(""), "")
equal(f("plain"), "plain")
equal(f("a\0b%d", 1), "a\0b1")
equal(f("%s%%%s", 1, 2), "1%2")
equal(f("x", 1, 2, 3), "x")              -- further arguments are ignored

-- %p
equal(f("%p", 1), "(null)")
equal(f("%p", nil), "(null)")
equal(f("%p", true), "(null)")
equal(f("%10p", 1), "    (null)")
equal(f("%-10p|", 1), "(null)    |")
do
  local t = {}
  equal(f("%p", t), f("%p", t))
  check(f("%p", t) ~= f("%p", {}))
  equal("table: " .. f("%p", t), tostring(t))
  equal("function: " .. f("%p", equal), tostring(equal))
  equal(f("%p", "short"), f("%p", "sh" .. "ort"))
  check(#f("%40p", t) == 40)
  local co = coroutine.create(print)
  equal("thread: " .. f("%p", co), tostring(co))
end
raises("invalid conversion specification: '%.3p'", f, "%.3p", {})

-- errors
raises("bad argument #2 to 'string.format' (no value)", f, "%s")
raises("bad argument #2 to 'string.format' (no value)", f, "%d")
raises("bad argument #2 to 'string.format' (number expected, got string)", f, "%d", "x")
raises("bad argument #3 to 'string.format' (number expected, got nil)", f, "%d%d", 1, nil)
raises("bad argument #2 to 'string.format' (number has no integer representation)", f, "%d", 1.5)
raises("bad argument #2 to 'string.format' (number has no integer representation)", f, "%d", "1.5")
raises("bad argument #2 to 'string.format' (number has no integer representation)", f, "%x", 2^63)
raises("bad argument #2 to 'string.format' (number has no integer representation)", f, "%c", 0/0)
raises("bad argument #1 to 'string.format' (string expected, got no value)", f)
raises("bad argument #2 to 'string.format' (no value)", f, "%")
raises("invalid conversion '%y' to 'format'", f, "%y", 1)
raises("bad argument #2 to 'string.format' (no value)", f, "abc%")
raises("invalid conversion '%10' to 'format'", f, "%10", 1)
raises("invalid conversion '%.' to 'format'", f, "%.", 1)
raises("invalid conversion '%-' to 'format'", f, "%-", 1)
raises("invalid conversion specification: '%#i'", f, "%#i", 1)
raises("invalid conversion specification: '%#d'", f, "%#d", 1)
raises("invalid conversion specification: '%+x'", f, "%+x", 1)
raises("invalid conversion specification: '%100d'", f, "%100d", 1)
raises("invalid conversion specification: '%.100d'", f, "%.100d", 1)
raises("invalid conversion specification: '%1000s'", f, "%1000s", 1)
raises("invalid conversion '%*' to 'format'", f, "%*d", 1, 2)
raises("invalid conversion '%l' to 'format'", f, "%ld", 1)
raises("bad argument #2 to 'string.format' (no value)", f, "%5%")
raises("invalid conversion '%n' to 'format'", f, "%n", 1)
raises("invalid format (too long)", f, "%0123456789012345678901234567890d", 1)
raises("invalid format (too long)", f, "%-+ #0-+ #0-+ #0-+ #0-+ #0-+ #0d", 1)

-- many conversions at once
do
  local want, args = {}, {}
  for i = 1, 200 do args[i] = i; want[i] = tostring(i) end
  equal(f(string.rep("%d", 200, ","), table.unpack(args)), table.concat(want, ","))
end
equal(f("%-8s=%5.2f|%+04d|%#x", "key", 3.14159, 7, 255), "key     = 3.14|+007|0xff")
equal(("%s-%s"):format("a", "b"), "a-b")
equal(#f(string.rep("%99d", 100), table.unpack((function () local t = {} for i = 1, 100 do t[i] = i end return t end)())), 9900)

return "ok", checks
