-- string.format "%q": what it writes reads back as the same value, of the same subtype.

local checks = 0

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

local function run (source, ...)
  return assert(load(source, "=c"))(...)
end

local function q (v) return string.format("%q", v) end

local function roundtrip (v)
  local got = run("return " .. q(v))
  checks = checks + 1
  if v ~= v then
    if got == got then error("nan became " .. tostring(got), 2) end
  elseif got ~= v or math.type(got) ~= math.type(v) or (v == 0 and 1/got ~= 1/v) then
    error(q(v) .. " reads back as " .. tostring(got), 2)
  end
end

-- strings
equal(q("hello"), '"hello"')
equal(q(""), '""')
equal(q('say "hi"'), '"say \\"hi\\""')
equal(q("back\\slash"), '"back\\\\slash"')
equal(q("line\nbreak"), '"line\\\nbreak"')
equal(q("\r"), '"\\13"')
equal(q("\0"), '"\\0"')
equal(q("\0001"), '"\\0001"')
equal(q("\0a"), '"\\0a"')
equal(q("\1\0029"), '"\\1\\0029"')
equal(q("\t"), '"\\9"')
equal(q("\127"), '"\\127"')
equal(q("\200\255"), '"\200\255"')
equal(q("\n\n"), '"\\\n\\\n"')
for i = 0, 255 do
  roundtrip(string.char(i))
  roundtrip(string.char(i) .. "0")
  roundtrip("x" .. string.char(i, 255 - i) .. "7")
end
do
  local all = {}
  for i = 0, 255 do all[i + 1] = string.char(i) end
  roundtrip(table.concat(all))
  roundtrip(table.concat(all):rep(20))
  roundtrip(table.concat(all):reverse())
end

-- integers
equal(q(0), "0")
equal(q(-7), "-7")
equal(q(math.maxinteger), "9223372036854775807")
equal(q(math.mininteger), "0x8000000000000000")
for s = 0, 63 do roundtrip(1 << s); roundtrip(-(1 << s)); roundtrip((1 << s) - 1) end

-- floats
equal(q(1.0), "0x1p+0")
equal(q(0.5), "0x1p-1")
equal(q(-1.5), "-0x1.8p+0")
equal(q(1/0), "1e9999")
equal(q(-1/0), "-1e9999")
equal(q(0/0), "(0/0)")
for _, v in ipairs {0.0, -0.0, 1.0, 0.1, -0.1, 1/3, 2^53, 2^63, -2^63, 1e308, 1.7976931348623157e308,
    2.2250738585072014e-308, 4.9406564584124654e-324, 1e15, 1e16, 1e100, 123456.789, math.pi,
    1/0, -1/0, 0/0, 3e-320, 2^-1074 * 3} do
  roundtrip(v)
end
do
  local v = 1.0
  for i = 1, 200 do v = v * 1.37 / 3.1; roundtrip(v); roundtrip(-v) end
end

-- nil and booleans
equal(q(nil), "nil")
equal(q(true), "true")
equal(q(false), "false")

-- what has no literal
raises("bad argument #2 to 'string.format' (value has no literal form)", string.format, "%q", {})
raises("bad argument #2 to 'string.format' (value has no literal form)", string.format, "%q", print)
raises("bad argument #2 to 'string.format' (value has no literal form)", string.format, "%q", coroutine.create(print))
raises("bad argument #2 to 'string.format' (no value)", string.format, "%q")
raises("specifier '%q' cannot have modifiers", string.format, "%10q", "x")
raises("specifier '%q' cannot have modifiers", string.format, "%-q", "x")
raises("specifier '%q' cannot have modifiers", string.format, "%.3q", "x")
raises("bad argument #2 to 'string.format' (value has no literal form)", string.format, "%q",
  setmetatable({}, {__tostring = function () return "x" end}))

return "ok", checks
