-- string.len, sub, byte, char, rep, reverse, upper, lower; embedded zeros, limits.
-- Negative and out-of-range positions are where implementations err.

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

equal(string.len(""), 0)
equal(string.len("\0\0\0"), 3)
equal(#"a\0b", 3)
equal(("x"):len(), 1)
equal(string.len(12), 2)
equal(string.len(1.5), 3)
raises("bad argument #1 to 'string.len' (string expected, got nil)", string.len, nil)
raises("bad argument #1 to 'string.len' (string expected, got no value)", string.len)
raises("bad argument #1 to 'string.len' (string expected, got table)", string.len, {})

-- sub: all pairs of positions around a short string against a model
do
  local s = "abcde"
  local function model (i, j)
    local n = #s
    if i < 0 then i = math.max(n + i + 1, 1) elseif i == 0 then i = 1 end
    if j > n then j = n elseif j < 0 then j = math.max(n + j + 1, 0) end
    local r = {}
    for k = i, j do r[#r + 1] = string.char(s:byte(k)) end
    return table.concat(r)
  end
  for i = -8, 8 do
    for j = -8, 8 do equal(s:sub(i, j), model(i, j)) end
    equal(s:sub(i), model(i, -1))
  end
end
equal(("abc"):sub(math.mininteger, math.maxinteger), "abc")
equal(("abc"):sub(math.maxinteger, math.mininteger), "")
equal(("abc"):sub(math.mininteger, math.mininteger), "")
equal(("abc"):sub(math.maxinteger, math.maxinteger), "")
equal(("abc"):sub(2.0), "bc")
equal(("abc"):sub("2"), "bc")
equal(("a\0c"):sub(2, 2), "\0")
equal(string.sub(12345, 2, 3), "23")
raises("bad argument #2 to 'string.sub' (number has no integer representation)", string.sub, "abc", 1.5)
raises("bad argument #2 to 'string.sub' (number expected, got no value)", string.sub, "abc")
raises("bad argument #3 to 'string.sub' (number expected, got table)", string.sub, "abc", 1, {})

-- byte
equal(show(string.byte("abc")), "97")
equal(show(string.byte("abc", 2)), "98")
equal(show(string.byte("abc", 1, -1)), "97 98 99")
equal(show(string.byte("abc", -1)), "99")
equal(show(string.byte("abc", 0)), "")
equal(show(string.byte("abc", 4)), "")
equal(show(string.byte("abc", -4)), "")
equal(show(string.byte("abc", -10, 10)), "97 98 99")
equal(show(string.byte("abc", 3, 2)), "")
equal(show(string.byte("")), "")
equal(show(string.byte("\0\255")), "0")
equal(show(string.byte("\0\255", 1, 2)), "0 255")
equal(show(string.byte("abc", math.mininteger, math.maxinteger)), "97 98 99")
equal(select("#", string.byte("abc", 10, 20)), 0)
equal(select("#", string.byte(string.rep("a", 5000), 1, 5000)), 5000)

-- char
equal(string.char(), "")
equal(string.char(0, 255, 65), "\0\255A")
equal(string.char(65.0), "A")
equal(string.char("66"), "B")
for i = 0, 255 do equal(string.byte(string.char(i)), i) end
raises("bad argument #1 to 'string.char' (value out of range)", string.char, 256)
raises("bad argument #2 to 'string.char' (value out of range)", string.char, 1, -1)
raises("bad argument #1 to 'string.char' (value out of range)", string.char, math.mininteger)
raises("bad argument #1 to 'string.char' (number expected, got nil)", string.char, nil)

-- rep
equal(string.rep("ab", 3), "ababab")
equal(string.rep("ab", 0), "")
equal(string.rep("ab", -1), "")
equal(string.rep("ab", math.mininteger), "")
equal(string.rep("ab", 1, ","), "ab")
equal(string.rep("ab", 3, ","), "ab,ab,ab")
equal(string.rep("", 3, ","), ",,")
equal(string.rep("", 1000), "")
equal(string.rep("a", 3, ""), "aaa")
equal(string.rep("\0", 3), "\0\0\0")
equal(string.rep("x", 2, "\0"), "x\0x")
equal(#string.rep("x", 100000), 100000)
equal(#string.rep("abc", 1000, "--"), 3 * 1000 + 2 * 999)
raises("bad argument #2 to 'string.rep' (number expected, got no value)", string.rep, "x")
raises("resulting string too large", string.rep, "xx", math.maxinteger)
raises("resulting string too large", string.rep, "x", math.maxinteger, "ab")

-- reverse, upper, lower
equal(string.reverse(""), "")
equal(string.reverse("a"), "a")
equal(string.reverse("abc"), "cba")
equal(string.reverse("a\0b"), "b\0a")
equal(string.upper("aBc\0z1_"), "ABC\0Z1_")
equal(string.lower("AbC\0Z1_"), "abc\0z1_")
equal(("\xE4\xFF"):upper(), "\xE4\xFF")
equal(("\xC4\xDF"):lower(), "\xC4\xDF")
for i = 0, 255 do
  local c = string.char(i)
  local up = (i >= 97 and i <= 122) and string.char(i - 32) or c
  local lo = (i >= 65 and i <= 90) and string.char(i + 32) or c
  equal(c:upper(), up)
  equal(c:lower(), lo)
  equal(c:reverse(), c)
end
equal(string.reverse(string.rep("ab", 1000)), string.rep("ba", 1000))

-- strings as method receivers and with numbers
equal(("%d"):format(3), "3")
equal(("x"):rep(3), "xxx")

return "ok", checks
