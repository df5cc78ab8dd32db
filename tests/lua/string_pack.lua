-- string.pack, unpack and packsize: every option, endianness, alignment, limits, errors.
-- Native sizes (long, size_t) differ between hosts; what depends on them is asked first.

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

local pack, unpack, packsize = string.pack, string.unpack, string.packsize

local function hex (s) return (s:gsub(".", function (c) return string.format("%02x", c:byte()) end)) end
local function bytes (h) return (h:gsub("%x%x", function (x) return string.char(tonumber(x, 16)) end)) end

-- sizes
equal(packsize("b"), 1); equal(packsize("B"), 1)
equal(packsize("h"), 2); equal(packsize("H"), 2)
equal(packsize("i"), 4); equal(packsize("I"), 4)
equal(packsize("j"), 8); equal(packsize("J"), 8)
equal(packsize("f"), 4); equal(packsize("d"), 8); equal(packsize("n"), 8)
local size_l, size_T = packsize("l"), packsize("T")
check(size_l == 4 or size_l == 8)
check(size_T == 4 or size_T == 8)
equal(packsize("L"), size_l)
equal(packsize("x"), 1); equal(packsize("xxx"), 3)
equal(packsize(""), 0); equal(packsize("<>="), 0); equal(packsize(" b b "), 2)
for n = 1, 16 do
  equal(packsize("i" .. n), n)
  equal(packsize("I" .. n), n)
end
equal(packsize("c0"), 0); equal(packsize("c10"), 10); equal(packsize("c1000000"), 1000000)
equal(packsize("c2000000000"), 2000000000)

-- integers of every width, both endians, against arithmetic
for n = 1, 16 do
  local max = n >= 8 and math.maxinteger or (1 << (8 * n - 1)) - 1
  local min = n >= 8 and math.mininteger or -(1 << (8 * n - 1))
  for _, v in ipairs {0, 1, -1, 100, -100, max, min, max - 1, min + 1} do
    local le, be = pack("<i" .. n, v), pack(">i" .. n, v)
    equal(#le, n)
    equal(le, be:reverse())
    for k = 1, n do equal(le:byte(k), k <= 8 and v >> (8 * (k - 1)) & 0xFF or (v < 0 and 255 or 0)) end
    equal(show(unpack("<i" .. n, le)), show(v, n + 1))
    equal(show(unpack(">i" .. n, be)), show(v, n + 1))
  end
  if n < 8 then
    local umax = (1 << (8 * n)) - 1
    equal(unpack("<I" .. n, pack("<I" .. n, umax)), umax)
    equal(hex(pack(">I" .. n, umax)), string.rep("ff", n))
    raises("bad argument #2 to 'string.pack' (unsigned overflow)", pack, "I" .. n, umax + 1)
    raises("bad argument #2 to 'string.pack' (unsigned overflow)", pack, "I" .. n, -1)
    raises("bad argument #2 to 'string.pack' (integer overflow)", pack, "i" .. n, max + 1)
    raises("bad argument #2 to 'string.pack' (integer overflow)", pack, "i" .. n, min - 1)
  else
    equal(unpack("<I" .. n, pack("<I" .. n, -1)), -1)
  end
end
equal(hex(pack("<I16", -1)), "ffffffffffffffff0000000000000000")   -- unsigned: no sign extension
equal(hex(pack("<i16", -1)), string.rep("ff", 16))
equal(hex(pack("<i9", -2)), "feffffffffffffffff")
raises("16-byte integer does not fit into Lua Integer", unpack, "<i16", bytes("ffffffffffffffff0000000000000000"))
equal(unpack("<I16", bytes("05000000000000000000000000000000")), 5)
raises("16-byte integer does not fit into Lua Integer", unpack, "<i16", bytes("00000000000000000100000000000000"))
raises("9-byte integer does not fit into Lua Integer", unpack, "<I9", bytes("ffffffffffffffffff"))
equal(unpack("<i9", bytes("ffffffffffffffffff")), -1)
raises("10-byte integer does not fit into Lua Integer", unpack, ">i10", bytes("0001ffffffffffffffff"))

-- the named integers are their widths
equal(hex(pack("<bhij", 1, 2, 3, 4)), "01" .. "0200" .. "03000000" .. "0400000000000000")
equal(hex(pack(">bhij", 1, 2, 3, 4)), "01" .. "0002" .. "00000003" .. "0000000000000004")
equal(hex(pack("<BHIJ", 255, 65535, 0xFFFFFFFF, -1)), string.rep("ff", 15))
equal(hex(pack(">L", 1)), string.rep("00", size_l - 1) .. "01")
equal(hex(pack("<T", 1)), "01" .. string.rep("00", size_T - 1))
equal(hex(pack("<i3", -2)), "feffff")
equal(show(unpack("<bBhH", bytes("ffffffffffff"))), "-1 255 -1 65535 7")
equal(show(unpack(">iI", bytes("fffffffe80000000"))), "-2 2147483648 9")
equal(show(unpack("<jJ", bytes("ffffffffffffffff0000000000000080"))), "-1 -9223372036854775808 17")
equal(pack("b", "7"), "\7")
equal(pack("b", 7.0), "\7")

-- = is the machine's, which is little endian everywhere this runs
equal(pack("=i4", 0x01020304), "\4\3\2\1")
equal(pack("i4", 0x01020304), "\4\3\2\1")
equal(pack(">i4 <i4 =i2", 1, 1, 1), "\0\0\0\1\1\0\0\0\1\0")

-- floats
equal(hex(pack("<d", 1.5)), "000000000000f83f")
equal(hex(pack(">d", 1.5)), "3ff8000000000000")
equal(hex(pack(">n", -2)), "c000000000000000")
equal(hex(pack(">f", 1.5)), "3fc00000")
equal(hex(pack("<f", -0.0)), "00000080")
equal(hex(pack(">d", 1/0)), "7ff0000000000000")
equal(hex(pack(">f", -1/0)), "ff800000")
equal(hex(pack(">f", 1e300)), "7f800000")
equal(hex(pack(">d", 5e-324)), "0000000000000001")
equal(hex(pack(">f", 0.1)), "3dcccccd")
equal(unpack(">f", bytes("3dcccccd")), 0x1.99999ap-4)
equal(unpack(">d", bytes("3fb999999999999a")), 0.1)
for _, v in ipairs {0.0, 1.0, -1.5, math.pi, 1e308, 5e-324, -1/0, 2^53 + 2} do
  equal(unpack("<d", pack("<d", v)), v)
  equal(unpack(">n", pack(">n", v)), v)
end
do local v = unpack("<d", pack("<d", 0/0)); check(v ~= v) end
do local v = unpack("<f", pack("<f", 0/0)); check(v ~= v) end
equal(1 / unpack("<d", pack("<d", -0.0)), -1/0)
equal(math.type(unpack("<d", pack("<d", 3))), "float")

-- strings
equal(pack("z", "hello"), "hello\0")
equal(show(unpack("z", "hello\0world\0")), "hello 7")
equal(show(unpack("zz", "a\0\0")), "a  4")
raises("bad argument #2 to 'string.pack' (string contains zeros)", pack, "z", "a\0b")
raises("bad argument #2 to 'string.unpack' (unfinished string for format 'z')", unpack, "z", "abc")
raises("bad argument #2 to 'string.unpack' (unfinished string for format 'z')", unpack, "z", "")
for n = 1, 8 do
  local p = pack("<s" .. n, "abc")
  equal(p, "\3" .. string.rep("\0", n - 1) .. "abc")
  equal(show(unpack("<s" .. n, p)), "abc " .. n + 4)
end
equal(pack("<s", "xy"), pack("<T", 2) .. "xy")
equal(show(unpack(">s2", "\0\0")), " 3")
equal(#pack("s1", string.rep("x", 255)), 256)
raises("string length does not fit in given size", pack, "s1", string.rep("x", 256))
raises("data string too short", unpack, "s1", "\5abc")
raises("data string too short", unpack, "s4", "\255\255\255\127abc")
raises("data string too short", unpack, "s2", "\1")
raises("variable-length format", packsize, "s")
raises("variable-length format", packsize, "z")
raises("variable-length format", packsize, "s4")
equal(pack("c5", "abc"), "abc\0\0")
equal(pack("c3", "abc"), "abc")
equal(pack("c0", ""), "")
equal(show(unpack("c2", "abcd")), "ab 3")
equal(show(unpack("c0c2", "abcd")), " ab 3")
raises("string longer than given size", pack, "c2", "abc")
raises("missing size for format option 'c'", pack, "c", "abc")
raises("missing size for format option 'c'", packsize, "c")
raises("data string too short", unpack, "c5", "abc")

-- padding and alignment
equal(pack("xBx", 1), "\0\1\0")
equal(show(unpack("xBx", "\9\1\9")), "1 4")
equal(hex(pack("<!4 b i4", 1, 2)), "0100000002000000")
equal(hex(pack("<!2 b i4", 1, 2)), "010002000000")
equal(hex(pack("<!1 b i4", 1, 2)), "0102000000")
equal(hex(pack("<b i4", 1, 2)), "0102000000")
equal(hex(pack("<! b d", 1, 2)), "0100000000000000" .. "0000000000000040")
equal(hex(pack("<!8 b h b i8", 1, 2, 3, 4)), "01000200" .. "03000000" .. "0400000000000000")
equal(packsize("!8 b i8"), 16)
equal(packsize("!4 b i8"), 12)
equal(packsize("!16 b i16"), 32)
equal(packsize("!1 i3"), 3)
equal(packsize("!2 b i3"), 5)                    -- aligned to the maximum instead
equal(hex(pack("<!4 b Xi4 b", 1, 2)), "0100000002")
equal(hex(pack("<!4 b Xi2 b", 1, 2)), "010002")
equal(hex(pack("<!8 b Xd", 1)), "0100000000000000")
equal(hex(pack("<!2 Xi8 b", 1)), "01")
equal(packsize("<!4 b Xi8"), 4)
equal(hex(pack("<!4 s1 i4", "ab", 7)), "0261620007000000")
equal(hex(pack("<!4 z i4", "a", 7)), "6100000007000000")
equal(hex(pack("<!4 c3 i4", "abc", 7)), "6162630007000000")
equal(show(unpack("<!4 b i4", bytes("0199999902000000"))), "1 2 9")
equal(show(unpack("<!4 i4", bytes("99999999" .. "01000000"), 2)), "1 9")     -- aligned from the start of the string
raises("format asks for alignment not power of 2", pack, "!8 b i3", 1, 2)
raises("format asks for alignment not power of 2", pack, "!4 i1 Xi3", 1)
raises("invalid next option for option 'X'", pack, "X")
raises("invalid next option for option 'X'", pack, "Xz")
raises("invalid next option for option 'X'", pack, "Xc1")
raises("invalid next option for option 'X'", pack, "X X")
equal(packsize("Xx"), 0)

-- unpack positions
equal(show(unpack("<i2", "\1\0\2\0", 3)), "2 5")
equal(show(unpack("<i2", "\1\0\2\0", -2)), "2 5")
equal(show(unpack("<i2i2", "\1\0\2\0")), "1 2 5")
equal(show(unpack("", "abc")), "1")
equal(show(unpack("", "abc", 4)), "4")
equal(show(unpack("", "abc", -3)), "1")
equal(show(unpack("b", "\5", "1")), "5 2")
raises("initial position out of string", unpack, "b", "abc", 5)
raises("initial position out of string", unpack, "", "abc", 5)
equal(show(unpack("b", "abc", -10)), "97 2")
equal(show(unpack("b", "abc", math.mininteger)), "97 2")
raises("initial position out of string", unpack, "b", "abc", math.maxinteger)
raises("data string too short", unpack, "b", "abc", 4)
raises("data string too short", unpack, "i4", "abc")
raises("data string too short", unpack, "b", "")
raises("data string too short", unpack, "x", "")
equal(select("#", unpack(string.rep("b", 200), string.rep("\1", 200))), 201)

-- wrong formats and arguments
raises("integral size (0) out of limits [1,16]", pack, "i0", 1)
raises("integral size (17) out of limits [1,16]", pack, "i17", 1)
raises("integral size (99) out of limits [1,16]", pack, "I99", 1)
raises("integral size (0) out of limits [1,16]", pack, "!0", 1)
raises("integral size (17) out of limits [1,16]", pack, "s17", "x")
raises("integral size (17) out of limits [1,16]", packsize, "!17")
raises("invalid format option 'r'", pack, "r", 1)
raises("invalid format option '1'", pack, "1", 1)
raises("invalid format option '\n'", pack, "\n", 1)
raises("invalid format option 'q'", unpack, "q", "x")
raises("invalid format option", packsize, "%")
raises("bad argument #2 to 'string.pack' (number expected, got nil)", pack, "i")
raises("bad argument #3 to 'string.pack' (number expected, got string)", pack, "ii", 1, "x")
raises("bad argument #2 to 'string.pack' (number has no integer representation)", pack, "i", 1.5)
raises("bad argument #2 to 'string.pack' (string expected, got nil)", pack, "z", nil)
raises("bad argument #2 to 'string.pack' (string expected, got nil)", pack, "s")
raises("bad argument #1 to 'string.pack' (string expected, got no value)", pack)
equal(pack("i1", 1, 2, 3), "\1")
do   -- the limit is INT_MAX in 5.4 and what a size_t holds in 5.5
  local ok, n = pcall(packsize, "c2000000000c2000000000c2000000000")
  if ok then equal(_VERSION == "Lua 5.5" and n, 6000000000)
  else check(n:find("format result too large", 1, true)) end
end

-- a record round trip
do
  local fmt = "<!8 b z i2 s1 d c4 I3"
  local p = pack("<!1 b z i2 s1 d c4 I3", -5, "zero", 300, "one", 2.5, "four", 70000)
  equal(show(unpack("<!1 b z i2 s1 d c4 I3", p)), "-5 zero 300 one 2.5 four 70000 " .. #p + 1)
  raises("alignment not power of 2", pack, fmt, -5, "zero", 300, "one", 2.5, "four", 70000)
end

return "ok", checks
