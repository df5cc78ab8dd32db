-- Touches all that is stored: reads, writes and calls it. Whatever is damaged may raise errors; what the damage has nothing to
-- do with (the witnesses in the store, and what this program holds itself) has to be as it was.

-- Damaged functions may replace globals.
local pcall, type, next, pairs, ipairs, error, select = pcall, type, next, pairs, ipairs, error, select
local tostring, rawlen, rawset, rawget, rawequal, setmetatable = tostring, rawlen, rawset, rawget, rawequal, setmetatable
local getmetatable, getinfo, getupvalue = debug.getmetatable, debug.getinfo, debug.getupvalue
local traceback, getlocal, close = debug.traceback, debug.getlocal, coroutine.close
local create, resume, flush, collect, sub = coroutine.create, coroutine.resume, ext.flush, collectgarbage, string.sub
local Memory, G, loaded = Memory, _G, package.loaded

-- an unrelated part of the heap
local heap
do
  local yield = coroutine.yield
  heap = {list = {}, text = {}, float = 0.5, flag = true}
  for i = 1, 50 do heap.list[i] = i * i; heap.text["key " .. i] = "text " .. i end
  local n = 3
  heap.count = function (k) n = n + k; return n end
  heap.co = create(function (a) local b = yield(a + 1); return a + b end)
  resume(heap.co, 10)
end
local function unrelated ()
  local n = 0
  for k in next, heap do n = n + 1 end
  if n ~= 6 or heap.float ~= 0.5 or heap.flag ~= true then return false end
  for i = 1, 50 do
    if rawget(heap.list, i) ~= i * i or rawget(heap.text, "key " .. i) ~= "text " .. i then return false end
  end
  local ok, sum = resume(heap.co, 7)
  return rawlen(heap.list) == 50 and heap.count(4) == 7 and ok and sum == 17
end

local seen, n = {}, 0
local queue = {Memory}
local function add (v)
  local t = type(v)
  if (t == "table" or t == "function" or t == "userdata" or t == "thread") and not seen[v] and v ~= G and v ~= loaded then
    seen[v] = true
    queue[#queue + 1] = v
  end
end
local function witness (k) return type(k) == "string" and sub(k, 1, 7) == "witness" end
while n < #queue and n < 3000 do
  n = n + 1
  local v = queue[n]
  if type(v) == "table" then
    pcall(function () for k, x in next, v do if not witness(k) then add(x) end end end)
    pcall(function () for k, x in pairs(v) do if not witness(k) then add(x) end end end)
    pcall(function () add(getmetatable(v)) end)
    for _, k in ipairs {1, "a", "b", "x", "n", "foo", true} do pcall(function () add(v[k]) end) end
    pcall(function () return #v, v == {}, v < v, v .. v, v(1), -v, tostring(v) end)
    pcall(rawlen, v)
    pcall(function () v[1] = n; v.mutant = {n} end)
    pcall(rawset, v, 2, n)
    if n % 7 == 0 then pcall(setmetatable, v, {}) end
  elseif type(v) == "function" and getinfo(v, "S").what ~= "C" then
    pcall(v, 1, 2)
    pcall(v, {}, "text", nil, G.print)
    pcall(function ()
      local co = create(v)
      for i = 1, 3 do if not resume(co, i, {}) then break end end
    end)
    for u = 1, 5 do add((select(2, getupvalue(v, u)))) end
  elseif type(v) == "thread" then
    pcall(traceback, v)
    for i = 1, 5 do pcall(function () add((select(2, getlocal(v, 1, i)))) end) end
    for i = 1, 3 do pcall(resume, v, i) end
    if n % 3 == 0 then pcall(close, v) end
  elseif type(v) == "userdata" then
    pcall(function () for k, x in pairs(v) do add(x) end; v.x = 1 end)
  end
  if n % 20 == 0 then collect() end
  if n % 50 == 0 then pcall(flush) end
end
collect()

if not unrelated() then error("an unrelated part of the heap has changed") end
local ok, table = pcall(function () return Memory["witness table"] end)
if Memory["witness text"] ~= "as it was" or Memory["witness number"] ~= 4711 or not ok or table.inside ~= "untouched" or
  table[1] ~= true then
  error("another key has changed")
end
return n
