-- The utf8 library: every function, all lengths of sequences, strict and lax, bad input, positions.

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

local function fails (source, want)   -- compiling or running gives this very message
  checks = checks + 1
  local ok, err = load(source, "=c")
  if ok then ok, err = pcall(ok) end
  if ok or err ~= want then
    error("want the error '" .. want .. "', got " .. tostring(err), 2)
  end
end

local function u (cp) return utf8.char(cp) end

-- char: the borders of every length
for _, c in ipairs {
  {0, "\0"}, {0x41, "A"}, {0x7F, "\x7F"}, {0x80, "\xC2\x80"}, {0x7FF, "\xDF\xBF"}, {0x800, "\xE0\xA0\x80"},
  {0xD7FF, "\xED\x9F\xBF"}, {0xE000, "\xEE\x80\x80"}, {0xFFFF, "\xEF\xBF\xBF"}, {0x10000, "\xF0\x90\x80\x80"},
  {0x10FFFF, "\xF4\x8F\xBF\xBF"}, {0x110000, "\xF4\x90\x80\x80"}, {0x1FFFFF, "\xF7\xBF\xBF\xBF"},
  {0x200000, "\xF8\x88\x80\x80\x80"}, {0x3FFFFFF, "\xFB\xBF\xBF\xBF\xBF"}, {0x4000000, "\xFC\x84\x80\x80\x80\x80"},
  {0x7FFFFFFF, "\xFD\xBF\xBF\xBF\xBF\xBF"}, {0xD800, "\xED\xA0\x80"}, {0xDFFF, "\xED\xBF\xBF"},
} do
  local cp, s = c[1], c[2]
  equal(u(cp), s)
  equal(utf8.codepoint(s, 1, 1, true), cp)
  equal(utf8.len(s, 1, -1, true), 1)
  local strict = cp <= 0x10FFFF and not (cp >= 0xD800 and cp <= 0xDFFF)
  if strict then
    equal(utf8.codepoint(s), cp); equal(utf8.len(s), 1)
  else
    raises("invalid UTF-8 code", utf8.codepoint, s)
    equal(show(utf8.len(s)), "nil 1")
  end
  equal(load('return "\\u{' .. string.format("%x", cp) .. '}"')(), s)
end
equal(utf8.char(), ""); equal(utf8.char(72, 228, 8364, 128512), "Hä€😀")
raises("bad argument #1 to 'utf8.char' (value out of range)", utf8.char, -1)
raises("bad argument #2 to 'utf8.char' (value out of range)", utf8.char, 65, 0x80000000)
raises("bad argument #1 to 'utf8.char' (number expected, got string)", utf8.char, "x")
equal(utf8.charpattern, "[\0-\x7F\xC2-\xFD][\x80-\xBF]*")

-- codepoint
equal(show(utf8.codepoint("Hä€😀", 1, -1)), "72 228 8364 128512")
equal(show(utf8.codepoint("Hä€", 2)), "228"); equal(show(utf8.codepoint("Hä€", 4, 4)), "8364")
equal(show(utf8.codepoint("abc", -1)), "99"); equal(show(utf8.codepoint("abc", 3, 2)), ""); equal(show(utf8.codepoint("", 1, 0)), "")
raises("invalid UTF-8 code", utf8.codepoint, "Hä", 3)
raises("bad argument #3 to 'utf8.codepoint' (out of bounds)", utf8.codepoint, "abc", 4)
raises("bad argument #3 to 'utf8.codepoint' (out of bounds)", utf8.codepoint, "abc", 1, 4)
raises("bad argument #3 to 'utf8.codepoint' (out of bounds)", utf8.codepoint, "")
raises("bad argument #2 to 'utf8.codepoint' (out of bounds)", utf8.codepoint, "abc", -4)

-- len
equal(utf8.len(""), 0); equal(utf8.len("abc"), 3); equal(utf8.len("Hä€😀"), 4); equal(utf8.len("\0\0"), 2)
equal(utf8.len("Hä€", 2), 2); equal(utf8.len("Hä€", 1, 2), 2); equal(utf8.len("Hä€", -3), 1); equal(utf8.len("abc", 4), 0)
equal(utf8.len("abc", 2, 1), 0); equal(utf8.len("abc", 1, -2), 2)
equal(show(utf8.len("a\x80b")), "nil 2"); equal(show(utf8.len("ab\xFF")), "nil 3"); equal(show(utf8.len("ä", 2)), "nil 2")
raises("bad argument #2 to 'utf8.len' (initial position out of bounds)", utf8.len, "abc", 0)
raises("bad argument #2 to 'utf8.len' (initial position out of bounds)", utf8.len, "abc", 5)
raises("bad argument #3 to 'utf8.len' (final position out of bounds)", utf8.len, "abc", 1, 4)
-- invalid sequences, each at its first byte
for _, s in ipairs {
  "\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2A", "\xE0\x80\x80", "\xE0\x9F\xBF", "\xE0\xA0", "\xED\xA0\x80",
  "\xF0\x80\x80\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xF8\x88\x80\x80\x80", "\xFE", "\xFF",
  "\xFC\x84\x80\x80\x80\x80", "\xE2\x82", "\xF0\x9F\x98", "\xE2\x28\xA1",
} do
  equal(show(utf8.len("ok" .. s)), "nil 3")
  raises("invalid UTF-8 code", utf8.codepoint, "ok" .. s, 3)
  raises("invalid UTF-8 code", function () for _ in utf8.codes("ok" .. s) do end end)
end
for _, s in ipairs {"\xC0\x80", "\xE0\x80\x80", "\xF0\x80\x80\x80", "\xF8\x80\x80\x80\x80", "\xFC\x80\x80\x80\x80\x80", "\xFE\x80\x80\x80\x80\x80\x80", "\xFF"} do
  equal(show(utf8.len(s, 1, -1, true)), "nil 1")      -- overlong ones are bad in lax mode too
end
equal(utf8.len("\xED\xA0\x80\xF7\xBF\xBF\xBF", 1, -1, true), 2)

-- offset
do
  local s = "aä€😀z"       -- starts at 1, 2, 4, 7, 11
  local starts = {1, 2, 4, 7, 11, 12}
  for n = 1, 6 do equal((utf8.offset(s, n)), starts[n]) end
  equal(utf8.offset(s, 7), nil)
  for n = -1, -5, -1 do equal((utf8.offset(s, n)), starts[6 + n]) end
  equal(utf8.offset(s, -6), nil)
  for i = 1, 11 do
    local want
    for _, p in ipairs(starts) do if p <= i then want = p end end
    equal((utf8.offset(s, 0, i)), want)
  end
  equal((utf8.offset(s, 0, 12)), 12); equal((utf8.offset(s, 1, 4)), 4); equal((utf8.offset(s, 2, 4)), 7); equal((utf8.offset(s, -1, 4)), 2)
  equal((utf8.offset("", 1)), 1); equal((utf8.offset("", 0)), 1); equal(utf8.offset("", -1), nil); equal((utf8.offset("abc", 4)), 4); equal(utf8.offset("abc", 5), nil)
  raises("initial position is a continuation byte", utf8.offset, s, 1, 3)
  raises("initial position is a continuation byte", utf8.offset, s, -1, 5)
  raises("bad argument #3 to 'utf8.offset' (position out of bounds)", utf8.offset, s, 1, 13)
  raises("bad argument #3 to 'utf8.offset' (position out of bounds)", utf8.offset, s, 1, 0)
  raises("bad argument #3 to 'utf8.offset' (position out of bounds)", utf8.offset, "abc", 1, -4)
  if _VERSION == "Lua 5.5" then    -- there it gives the last byte as well
    equal(show(utf8.offset(s, 2)), "2 3"); equal(show(utf8.offset(s, 4)), "7 10"); equal(show(utf8.offset(s, 1)), "1 1")
    equal(show(utf8.offset(s, 0, 9)), "7 10")
  else equal(show(utf8.offset(s, 4)), "7") end
end

-- codes
do
  local r = {}
  for p, c in utf8.codes("aä€😀") do r[#r + 1] = p .. ":" .. c end
  equal(table.concat(r, " "), "1:97 2:228 4:8364 7:128512")
  for p, c in utf8.codes("") do error("empty") end
  r = {}
  for p, c in utf8.codes("\u{7FFFFFFF}\u{D800}x", true) do r[#r + 1] = c end
  equal(table.concat(r, " "), "2147483647 55296 120")
  raises("invalid UTF-8 code", function () for _ in utf8.codes("\u{D800}") do end end)
  raises("invalid UTF-8 code", function () for _ in utf8.codes("ab\x80") do end end)
  raises("bad argument #1 to 'utf8.codes' (invalid UTF-8 code)", utf8.codes, "\x80")
  raises("bad argument #1 to 'utf8.codes' (string expected, got no value)", utf8.codes)
  local n = 0
  for p, c in utf8.codes(string.rep("ä€", 1000)) do n = n + c end
  equal(n, 1000 * (228 + 8364))
end
-- charpattern walks valid text
do
  local r = {}
  for c in ("aä€😀\0z"):gmatch(utf8.charpattern) do r[#r + 1] = #c end
  equal(table.concat(r), "123411")
end
-- every code point of a plane's sample goes there and back
for cp = 0, 0x10FFFF, 997 do
  if cp < 0xD800 or cp > 0xDFFF then
    local s = u(cp)
    check(utf8.codepoint(s) == cp and utf8.len(s) == 1)
  end
end
equal(load('return "\\u{7FFFFFFF}"')(), "\xFD\xBF\xBF\xBF\xBF\xBF")
fails('return "\\u{80000000}"', [[c:1: UTF-8 value too large near '"\u{80000000']])
fails('return "\\u123"', [[c:1: missing '{' near '"\u1']])
fails('return "\\u{}"', [[c:1: hexadecimal digit expected near '"\u{}']])
fails('return "\\u{12"', [[c:1: missing '}' near '"\u{12"']])
fails('return "\\u{1g}"', [[c:1: missing '}' near '"\u{1g']])

return "ok", checks
