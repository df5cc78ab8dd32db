-- What `cargo xtask bench persistence` measures, for every host: the host loads this into an instance and calls `measure`.
-- The same loops run on a plain table and on one under `Memory`, and on a plain one in a module without persistence.

local function record () return {x = 1, y = 2, z = 3} end

local function array ()
  local t = {}
  for i = 1, 1024 do t[i] = i end
  return t
end

local function nested () return {a = {b = {c = 1}}} end

local function empty () return {} end

local names = {}
for i = 1, 50000 do names[i] = "name" .. i end

local cases = {
  {name = "read a field", steps = 1000000, make = record, loop = function (t, n)
    local sum = 0
    for _ = 1, n do sum = sum + t.x end
    return sum
  end},
  {name = "read an array element", steps = 1000000, make = array, loop = function (t, n)
    local sum = 0
    for i = 1, n do sum = sum + t[(i & 1023) + 1] end
    return sum
  end},
  {name = "read nested fields", steps = 500000, make = nested, loop = function (t, n)
    local sum = 0
    for _ = 1, n do sum = sum + t.a.b.c end
    return sum
  end},
  {name = "write a field", steps = 1000000, write = true, make = record, loop = function (t, n)
    for i = 1, n do t.x = i end
  end},
  {name = "write an array element", steps = 1000000, write = true, make = array, loop = function (t, n)
    for i = 1, n do t[(i & 1023) + 1] = i end
  end},
  {name = "write a nested field", steps = 500000, write = true, make = nested, loop = function (t, n)
    for i = 1, n do t.a.b.c = i end
  end},
  {name = "write a new field", steps = #names, write = true, make = empty, loop = function (t, n)
    for i = 1, n do t[names[i]] = i end
  end},
  {name = "append to an array", steps = 100000, write = true, make = empty, loop = function (t, n)
    for i = 1, n do t[i] = i end
  end},
}

local byname = {}
for _, case in ipairs(cases) do byname[case.name] = case end

-- The names of the cases.
function case_names ()
  local list = {}
  for i, case in ipairs(cases) do list[i] = case.name end
  return table.unpack(list)
end

-- Nanoseconds a step of a case takes on a table that is under `Memory`, or is not.
function measure (name, stored)
  local case = byname[name]
  local t = case.make()
  if stored then
    Memory.case = t
    ext.flush()  -- from here on it is an old table, whose changes are noted one by one
  end
  collectgarbage()
  collectgarbage("stop")  -- its pace depends on what else is in memory
  local begun = os.clock()
  case.loop(t, case.steps)
  local took = os.clock() - begun
  collectgarbage("restart")
  if stored then Memory.case = nil end
  return took * 1e9 / case.steps
end

-- A store of so many keys: numbers, strings and booleans.
function fill_keys (n)
  for i = 1, n do
    local kind = i % 3
    Memory["key" .. i] = kind == 0 and i or kind == 1 and "value " .. i or kind == 2 and true
  end
end

-- Milliseconds that it takes to read all of `Memory`, and the number of keys.
function read_keys ()
  local begun, n = os.clock(), 0
  for _ in pairs(Memory) do n = n + 1 end
  return (os.clock() - begun) * 1000, n
end

-- Milliseconds that it takes to hand over so many new objects, two fields each.
function store_objects (n)
  local list = {}
  for i = 1, n do list[i] = {id = i, name = names[i]} end
  local begun = os.clock()
  Memory.list = list
  ext.flush()
  return (os.clock() - begun) * 1000
end

-- Milliseconds that it takes to read them all, and the sum of their ids.
function read_objects ()
  local begun, sum = os.clock(), 0
  for _, object in ipairs(Memory.list) do sum = sum + object.id end
  return (os.clock() - begun) * 1000, sum
end

-- Milliseconds that it takes to load bytecode, which is verified, and the text that it was made from: the fastest of several
-- rounds each. Then where in the module's memory the loaded function stands, and the state, for a host that has the verifier alone
-- go over it again.
function load_bytecode ()
  local part = {}
  for i = 1, 60 do
    part[i] = ("local function f%d (a, b, ...) local t = {x = a, b, ...}; for i = 1, #t do t[i] = (t[i] or 0) * 2 + i end; " ..
      "if a == %d or t.x then return function (k) a = a .. k; return a, t['key%d'] end end; return select('#', ...) end\n"):format(i, i, i)
  end
  local text = table.concat(part)
  local chunk = string.dump(load(text))
  local best = {}
  for round = 1, 5 do
    for _, s in ipairs {text, chunk} do
      local begun = os.clock()
      for _ = 1, 60 do assert(load(s, "=measured")) end
      local took = os.clock() - begun
      if took > 0 and took < (best[s] or math.huge) then best[s] = took end
    end
  end
  loaded = assert(load(chunk, "=measured"))
  local function address (v) return tonumber(("%p"):format(v)) end
  return best[chunk] * 1000 / 60, best[text] * 1000 / 60, address(loaded), address(coroutine.running())
end
