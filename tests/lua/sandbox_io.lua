-- io in the module: no files, no processes, an input that is at its end, output that is captured.

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

local ENOSYS = select(3, io.open("x"))
equal(math.type(ENOSYS), "integer")
for _, mode in ipairs {"r", "w", "a", "r+", "w+", "a+", "rb", "wb", "r+b"} do
  local f, msg, code = io.open("file.txt", mode)
  equal(f, nil); equal(msg, "file.txt: no file system"); equal(code, ENOSYS)
end
equal(select("#", io.open("x")), 3)
do local f, msg, code = io.tmpfile(); equal(f, nil); equal(msg, "no file system"); equal(code, ENOSYS) end
raises("'popen' not supported", io.popen, "ls"); raises("'popen' not supported", io.popen, "ls", "w"); raises("bad argument #2 to 'io.popen' (invalid mode)", io.popen, "ls", "x")
raises("cannot open file 'x' (no file system)", io.input, "x"); raises("cannot open file 'x' (no file system)", io.output, "x")
equal(io.input(), io.stdin); equal(io.output(), io.stdout)       -- unchanged by the failures

-- reading: at the end of the input from the start
equal(show(io.read()), "nil"); equal(show(io.read("l")), "nil"); equal(show(io.read("L")), "nil"); equal(show(io.read("n")), "nil"); equal(show(io.read("a")), ""); equal(show(io.read(10)), "nil"); equal(show(io.read(0)), "nil")
equal(show(io.read("a", "l")), " nil"); equal(show(io.read("l", "a")), "nil"); equal(show(io.read("*l")), "nil"); equal(show(io.stdin:read("a")), ""); equal(show(io.stdin:read()), "nil")
raises("invalid format", io.read, "x"); raises("invalid format", io.read, "")
for _ in io.lines() do error("no lines") end
for _ in io.stdin:lines() do error("no lines") end
for _ in io.stdin:lines("L", 5) do error("no lines") end
raises("cannot open file 'x'", io.lines, "x"); raises("cannot open file 'x'", function () for _ in io.lines("x") do end end)
do local r, msg, code = io.stdout:read(); equal(r, nil); equal(msg, "Bad file descriptor"); equal(math.type(code), "integer") end
do local r, msg, code = io.stdin:write("x"); equal(r, nil); equal(msg, "Bad file descriptor"); equal(math.type(code), "integer") end
raises("Bad file descriptor", io.stdout:lines())

-- the standard files cannot be closed or moved in
for _, f in ipairs {io.stdin, io.stdout, io.stderr} do
  equal(show(f:close()), "nil cannot close standard file"); equal(io.type(f), "file")
  local r, msg, code = f:seek("cur", 0); equal(r, nil); equal(type(msg), "string"); equal(math.type(code), "integer"); equal(f:setvbuf("no"), true); check(f:flush() ~= nil)
end
equal(show(io.close()), "nil cannot close standard file"); equal(show(io.close(io.stdout)), "nil cannot close standard file")
do local f <close> = io.stdout end
equal(io.type(io.stdout), "file"); equal(io.write(), io.stdout)
-- the default output can be another of them
equal(io.output(io.stderr), io.stderr); equal(io.output(), io.stderr); equal(io.write(""), io.stderr); io.output(io.stdout)
equal(io.input(io.stdin), io.stdin); check(tostring(io.stdin) ~= tostring(io.stdout)); equal(#io.type(io.stdout), 4)
equal(pcall(io.read, ("x"):rep(100)), false)

-- dofile and loadfile, with and without a name
do
  local f, msg = loadfile("x.lua"); equal(f, nil); equal(type(msg), "string"); check(msg:find("x.lua", 1, true), msg)
  raises("x.lua", dofile, "x.lua")
  local ok, g, e = pcall(loadfile); equal(ok, true); check(g == nil and type(e) == "string" or type(g) == "function")      -- nothing to read: an error, or an empty program
end

return "ok", checks
