-- string.find, match and gmatch: start positions, plain search, empty matches, anchors in gmatch.

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

local find, match, gmatch = string.find, string.match, string.gmatch

local function all (s, p, init)
  local r = {}
  for a, b in gmatch(s, p, init) do r[#r + 1] = b == nil and tostring(a) or a .. ":" .. tostring(b) end
  return table.concat(r, "|")
end

-- start position
equal(show(find("abcabc", "b", 3)), "5 5")
equal(show(find("abcabc", "b", -2)), "5 5")
equal(show(find("abcabc", "b", -1)), "nil")
equal(show(find("abcabc", "b", -100)), "2 2")
equal(show(find("abcabc", "b", 0)), "2 2")
equal(show(find("abc", "", 4)), "4 3")
equal(show(find("abc", "", 5)), "nil")
equal(show(find("abc", "", 100)), "nil")
equal(show(find("", "")), "1 0")
equal(show(find("", "", 1)), "1 0")
equal(show(find("", "", 2)), "nil")
equal(show(find("", "a")), "nil")
equal(show(find("abc", "c", math.maxinteger)), "nil")
equal(show(find("abc", "c", math.mininteger)), "3 3")
equal(show(match("abc", "", 4)), "")
equal(show(match("abc", "", 5)), "nil")
equal(show(match("abc", ".", -1)), "c")
equal(show(match("abc", "b", 2.0)), "b")
equal(show(match("abc", "b", "2")), "b")

-- plain
equal(show(find("a.b", ".", 1, true)), "2 2")
equal(show(find("a.b", ".", 3, true)), "nil")
equal(show(find("a%d", "%d", 1, true)), "2 3")
equal(show(find("a[b", "[", 1, true)), "2 2")
equal(show(find("abc", "", 1, true)), "1 0")
equal(show(find("abc", "", 4, true)), "4 3")
equal(show(find("abc", "", 5, true)), "nil")
equal(show(find("aab", "ab", 1, true)), "2 3")
equal(show(find("a\0b", "\0b", 1, true)), "2 3")
equal(show(find("aaaaaaab", "aab", 1, true)), "6 8")
equal(show(find("ab", "abc", 1, true)), "nil")
equal(show(find("a.b", ".", 1, nil)), "1 1")
equal(show(find("a.b", ".", 1, false)), "1 1")
equal(show(find("a.b", ".", 1, 0)), "2 2")
equal(show(find("abcdef", "cd")), "3 4")       -- no specials: taken as plain
equal(show(find("abc\0def", "def")), "5 7")
do   -- against a model, on all substrings
  local s = "aabaaabaaaab"
  for i = 1, #s do
    for j = i, #s do
      local p = s:sub(i, j)
      local want
      for k = 1, #s do if s:sub(k, k + #p - 1) == p then want = k break end end
      equal(find(s, p, 1, true), want)
      equal(find(s, p), want)
      equal(find(s, p:gsub("a", "[a]"), 1), want)
    end
  end
end

-- numbers are strings here
equal(show(find(12345, 34)), "3 4")
equal(show(match(12345, "%d%d$")), "45")

-- gmatch
equal(all("one two  three", "%a+"), "one|two|three")
equal(all("k=v, a=b", "(%w+)=(%w+)"), "k:v|a:b")
equal(all("abc", ""), "|||")
equal(all("abc", "()"), "1|2|3|4")
equal(all("", ""), "")
equal(all("abc", "b*"), "|b|")
equal(all("abc", "%w*"), "abc")
equal(all("a,b,,c", "[^,]*"), "a|b||c")
equal(all("a,b,,c", "([^,]*),?"), "a|b||c")
equal(all("aaa", "a-"), "|||")
equal(all("xaxax", "a?x"), "x|ax|ax")
equal(all("^a^a", "^a"), "^a|^a")           -- no anchor in gmatch: the character itself
equal(all("hello", "l"), "l|l")
equal(all("hello", "(l)(.)"), "l:l")
equal(all("hello world from", "%a+", 7), "world|from")
equal(all("abc", ".", -2), "b|c")
equal(all("abc", ".", 4), "")
equal(all("abc", ".", 10), "")
equal(all("abc", ".", 0), "a|b|c")
equal(all("abc", "", 10), "")
equal(all("abc", "()", 3), "3|4")
equal(all("ab\0cd", "[^\0]+"), "ab|cd")
do   -- the iterator is a plain function with its own state
  local it = gmatch("a b", "%a")
  equal(type(it), "function")
  equal(it(), "a"); equal(it(), "b"); equal(it(), nil); equal(it(), nil)
  local x, y = gmatch("12", "%d"), gmatch("34", "%d")
  equal(x() .. y() .. x() .. y(), "1324")
end
do   -- breaking out and modifying variables is harmless
  local n = 0
  for w in gmatch(string.rep("ab ", 1000), "%a+") do
    n = n + 1
    local v = w
    v = nil
    if n == 500 then break end
  end
  equal(n, 500)
end
raises("bad argument #1 to 'string.gmatch' (string expected, got no value)", gmatch)
raises("bad argument #2 to 'string.gmatch' (string expected, got no value)", gmatch, "x")
raises("bad argument #2 to 'string.find' (string expected, got no value)", find, "x")
raises("bad argument #3 to 'string.find' (number expected, got boolean)", find, "x", "x", true)
raises("bad argument #3 to 'string.match' (number has no integer representation)", match, "x", "x", 1.5)
raises("bad argument #1 to 'string.match' (string expected, got table)", match, {}, "x")

-- malformed patterns
raises("malformed pattern (ends with '%')", find, "a", "%")
raises("malformed pattern (ends with '%')", find, "a", "a%")
raises("malformed pattern (missing ']')", find, "a", "[")
raises("malformed pattern (missing ']')", find, "a", "[a")
raises("malformed pattern (missing ']')", find, "a", "[]")
raises("malformed pattern (missing ']')", find, "a", "[^]")
raises("malformed pattern (missing ']')", find, "a", "[a%]")
raises("malformed pattern (missing ']')", find, "a", "[a%")
raises("malformed pattern (missing arguments to '%b')", find, "a", "%b")
raises("malformed pattern (missing arguments to '%b')", find, "a", "%ba")
raises("missing '[' after '%f' in pattern", find, "a", "%f")
raises("missing '[' after '%f' in pattern", find, "a", "%fa")
raises("unfinished capture", find, "a", "(a")
raises("unfinished capture", find, "a", "(()")
raises("invalid pattern capture", match, "a", "a)")
raises("invalid pattern capture", match, "a", ")")
equal(find("a)", "a)"), 1)                   -- find takes it for plain text
raises("invalid capture index %1", find, "a", "%1")
raises("invalid capture index %2", find, "aa", "(a)%2")
raises("invalid capture index %1", find, "aa", "(a%1)")
raises("invalid capture index %0", find, "aa", "(a)%0")
raises("too many captures", find, string.rep("a", 40), string.rep("(a)", 33))
raises("too many captures", match, "", string.rep("()", 33))
raises("pattern too complex", find, string.rep("a", 300000), string.rep("(a?", 0) .. string.rep("a?", 300000))
raises("pattern too complex", match, string.rep("x", 1000), string.rep("x?", 1000))
raises("malformed pattern (ends with '%')", gmatch("a", "%"))
raises("malformed pattern (ends with '%')", string.gsub, "a", "%", "")
equal(match("a", "a]"), nil)
equal(match("a]", "a]"), "a]")
equal(match("a", "b)"), nil)                 -- an error only once it is reached

return "ok", checks
