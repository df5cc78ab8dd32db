-- What io gives everywhere, with files or without: types, the standard files, write's results, errors.

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

equal(io.type(io.stdout), "file"); equal(io.type(io.stdin), "file"); equal(io.type(io.stderr), "file")
equal(io.type({}), nil); equal(io.type(5), nil); equal(io.type(nil), nil)
raises("bad argument #1 to 'io.type' (value expected)", io.type)
equal(io.output(), io.stdout); equal(io.input(), io.stdin); equal(io.output(io.stdout), io.stdout)
check(tostring(io.stdout):find("^file %(%S+%)$"))
equal(io.write(), io.stdout); equal(io.write(""), io.stdout); equal(io.stdout:write(""), io.stdout); equal(io.stdout:write("", ""), io.stdout)
raises("bad argument #1 to 'io.write' (string expected, got nil)", io.write, nil); raises("bad argument #2 to 'io.write' (string expected, got table)", io.write, "", {})
raises("bad argument #1 to 'io.write' (string expected, got boolean)", io.write, true)
check(io.flush() ~= nil); check(io.stdout:flush() ~= nil); equal(io.stdout:setvbuf("full"), true)
raises("invalid option 'x'", io.stdout.setvbuf, io.stdout, "x"); raises("invalid option 'x'", io.stdout.seek, io.stdout, "x")
raises("FILE* expected, got table", io.stdout.write, {}); raises("FILE* expected, got no value", io.stdout.lines); raises("FILE* expected, got nil", io.stdout.close, nil)
raises("bad argument #2 to 'io.open' (invalid mode)", io.open, "x", "q"); raises("bad argument #2 to 'io.open' (invalid mode)", io.open, "x", "rr")
raises("bad argument #2 to 'io.open' (invalid mode)", io.open, "x", ""); raises("bad argument #2 to 'io.open' (invalid mode)", io.open, "x", "r+x")
raises("bad argument #1 to 'io.open' (string expected, got no value)", io.open)
do
  local f, msg, code = io.open("/no/such/folder/file.txt")
  equal(f, nil); check(msg:find("^/no/such/folder/file.txt: ")); equal(math.type(code), "integer")
  f, msg, code = io.open("/no/such/folder/file.txt", "w"); equal(f, nil); check(msg:find("^/no/such/folder/file.txt: "))
  check(not pcall(io.lines, "/no/such/folder/file.txt")); check(not pcall(io.input, "/no/such/folder/file.txt"))
  local ok, e = pcall(dofile, "/no/such/folder/file.lua"); equal(ok, false); check(e:find("/no/such/folder/file.lua", 1, true), e)
  local fn, e2 = loadfile("/no/such/folder/file.lua"); equal(fn, nil); check(e2:find("/no/such/folder/file.lua", 1, true), e2)
end
equal(getmetatable(io.stdout).__name, "FILE*"); equal(io.stdout.nothing, nil)
for _, m in ipairs {"close", "flush", "lines", "read", "seek", "setvbuf", "write"} do equal(type(io.stdout[m]), "function") end
-- reading from an output fails without raising
do local r, msg, code = io.stdout:read("a"); check(r == nil or r == ""); end
-- the name of a system call that fails in os
do
  local r, msg, code = os.remove("/no/such/folder/file.txt"); equal(r, nil); check(msg:find("^/no/such/folder/file.txt: ")); equal(math.type(code), "integer")
  r, msg, code = os.rename("/no/such/folder/a", "/no/such/folder/b"); equal(r, nil); equal(type(msg), "string"); equal(math.type(code), "integer")
  equal(os.getenv("NO_SUCH_VARIABLE_HERE"), nil); raises("bad argument #1 to 'os.getenv' (string expected, got no value)", os.getenv)
  equal(os.setlocale("C"), "C"); equal(os.setlocale(), "C"); equal(os.setlocale(nil, "numeric"), "C"); equal(os.setlocale("no such locale"), nil); equal(os.setlocale("C", "all"), "C")
  raises("invalid option 'x'", os.setlocale, "C", "x"); equal(string.format("%.1f", 1.5), "1.5")
end

return "ok", checks
