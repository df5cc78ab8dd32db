-- package in the module: nothing to find in files, no C libraries; preload and given modules work.

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

raises("module 'no.such' not found:", require, "no.such")
do
  local ok, e = pcall(require, "a.b"); equal(ok, false)
  check(e:find("\n\tno field package.preload['a.b']", 1, true), e); check(e:find("no file './a/b.lua'", 1, true), e); check(e:find("no file './a/b/init.lua'", 1, true), e)
end
equal(package.path, "./?.lua;./?/init.lua"); equal(package.cpath, "./?.so")
do local f, msg, where = package.loadlib("x.so", "*"); equal(f, nil); equal(type(msg), "string"); equal(where, "absent") end
equal(show(package.searchpath("a.b", package.path)), "nil no file './a/b.lua'\n\tno file './a/b/init.lua'")
package.preload.given = function (name, where) return {name = name, where = where} end
equal(require("given").name, "given"); equal(select(2, require("given")), nil); equal(require("given").where, ":preload:")
package.preload.given = nil; package.loaded.given = nil
raises("module 'given' not found", require, "given")
-- all of upstream's libraries are open
for _, lib in ipairs {"string", "table", "math", "utf8", "coroutine", "os", "io", "debug", "package"} do equal(require(lib), _G[lib]) end
-- print and io.write are captured, not lost: both return as usual
equal(select("#", print("captured by the host")), 0); equal(io.write("captured\n"), io.stdout); equal(io.stdout:write("captured\n"), io.stdout)
-- the name of this chunk is the one given to it
check(debug.getinfo(1, "S").source:find("^@tests/lua/sandbox_package%.lua$"), debug.getinfo(1, "S").source)

return "ok", checks
