-- collectgarbage: every option, results, modes, parameters; memory goes down again.

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

equal(collectgarbage(), 0); equal(collectgarbage("collect"), 0)
equal(math.type(collectgarbage("count")), "float"); check(collectgarbage("count") > 0)
equal(collectgarbage("isrunning"), true); equal(collectgarbage("stop"), 0); equal(collectgarbage("isrunning"), false)
do   -- stopped: nothing is collected until asked
  local w = setmetatable({}, {__mode = "v"}); w[1] = {}
  for i = 1, 2000 do local t = {i} end
  check(w[1] ~= nil); collectgarbage(); equal(w[1], nil); equal(collectgarbage("isrunning"), false)
end
equal(collectgarbage("restart"), 0); equal(collectgarbage("isrunning"), true)
do   -- steps finish a cycle some time
  local n = 0
  repeat n = n + 1 until collectgarbage("step") == true or n > 100000
  check(n <= 100000)
  equal(type(collectgarbage("step", 100)), "boolean"); equal(type(collectgarbage("step", 1 << 20)), "boolean")
end
-- modes
equal(collectgarbage("generational"), "incremental"); equal(collectgarbage("generational"), "generational"); equal(collectgarbage("incremental"), "generational"); equal(collectgarbage("incremental"), "incremental")
for _, mode in ipairs {"generational", "incremental"} do
  collectgarbage(mode); collectgarbage()
  local before = collectgarbage("count")
  do local t = {}; for i = 1, 20000 do t[i] = {i, tostring(i)} end check(collectgarbage("count") > before + 500) end
  collectgarbage(); collectgarbage()
  check(collectgarbage("count") < before + 100, mode .. " " .. before .. " " .. collectgarbage("count"))
  -- garbage made in a loop does not pile up
  local max = 0
  for i = 1, 100000 do local t = {i, {}}; if i % 1000 == 0 then max = math.max(max, collectgarbage("count")) end end
  check(max < before + 20000, mode .. " " .. max)
  -- data that stays is not touched
  local keep = {}
  for i = 1, 1000 do keep[i] = {v = i, s = ("x"):rep(i % 50), f = function () return i end} end
  for r = 1, 5 do for i = 1, 20000 do local t = {i} end collectgarbage("step") end
  local sum = 0
  for i = 1, 1000 do sum = sum + keep[i].v + #keep[i].s - i % 50 + keep[i].f() end
  equal(sum, 1000 * 1001)
  -- changes of old objects to new ones are seen
  for i = 1, 1000 do keep[i].new = {i} end; collectgarbage("step"); for i = 1, 20000 do local t = {i} end
  sum = 0; for i = 1, 1000 do sum = sum + keep[i].new[1] end; equal(sum, 500500)
  local co = coroutine.wrap(function () local t = {}; while true do t[#t + 1] = {coroutine.yield(#t)} end end); co()
  for i = 1, 500 do co({i}); if i % 100 == 0 then collectgarbage() end end; equal(co(1), 501)
end
collectgarbage("incremental")
if _VERSION == "Lua 5.5" then
  local old = collectgarbage("param", "pause"); equal(math.type(old), "integer"); equal(collectgarbage("param", "pause", 300), old)
  check(math.abs(collectgarbage("param", "pause") - 300) < 30); collectgarbage("param", "pause", old)
  for _, p in ipairs {"minormul", "majorminor", "minormajor", "pause", "stepmul", "stepsize"} do equal(math.type(collectgarbage("param", p)), "integer") end
  raises("invalid option 'x'", collectgarbage, "param", "x")
else
  local p = collectgarbage("setpause", 160); equal(collectgarbage("setpause", p), 160); local s = collectgarbage("setstepmul", 200); equal(collectgarbage("setstepmul", s), 200)
  equal(collectgarbage("incremental", 200, 100, 13), "incremental"); equal(collectgarbage("generational", 20, 100), "incremental"); collectgarbage("incremental")
end
raises("bad argument #1 to 'collectgarbage' (invalid option 'x')", collectgarbage, "x"); raises("bad argument #1 to 'collectgarbage' (string expected, got table)", collectgarbage, {})

return "ok", checks
