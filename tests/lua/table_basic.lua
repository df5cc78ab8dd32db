-- table.insert, remove, concat, unpack, pack, move, with plain tables and with metamethods; #.

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

-- insert
do
  local t = {}
  equal(select("#", table.insert(t, "a")), 0)
  table.insert(t, "c"); table.insert(t, 2, "b"); table.insert(t, 1, "z"); table.insert(t, 5, "end")
  equal(table.concat(t, ","), "z,a,b,c,end")
  raises("bad argument #2 to 'table.insert' (position out of bounds)", table.insert, t, 0, "x")
  raises("bad argument #2 to 'table.insert' (position out of bounds)", table.insert, t, 7, "x")
  raises("bad argument #2 to 'table.insert' (position out of bounds)", table.insert, t, -1, "x")
  raises("bad argument #2 to 'table.insert' (position out of bounds)", table.insert, t, math.maxinteger, "x")
  raises("wrong number of arguments to 'insert'", table.insert, t)
  raises("wrong number of arguments to 'insert'", table.insert, t, 1, 2, 3)
  raises("bad argument #2 to 'table.insert' (number expected, got string)", table.insert, t, "x", 1)
  raises("bad argument #1 to 'table.insert' (table expected, got nil)", table.insert, nil, 1)
  equal(#t, 5)
  table.insert(t, nil)
  equal(#t, 5)
  t = {}
  table.insert(t, 1, "only"); equal(t[1], "only")
  t = {}
  for i = 1, 1000 do table.insert(t, 1, i) end
  equal(t[1], 1000); equal(t[1000], 1); equal(#t, 1000)
end
-- remove
do
  local t = {"a", "b", "c", "d"}
  equal(table.remove(t), "d"); equal(table.remove(t, 1), "a"); equal(table.concat(t), "bc")
  equal(table.remove(t, 2), "c"); equal(table.remove(t, 2), nil); equal(table.remove(t), "b"); equal(table.remove(t), nil)
  equal(#t, 0)
  equal(table.remove({}, 0), nil); equal(table.remove({[0] = "zero"}, 0), "zero")
  equal(table.remove({}), nil); equal(select("#", table.remove({})), 1)
  raises("bad argument #2 to 'table.remove' (position out of bounds)", table.remove, {1, 2, 3}, 5)
  raises("bad argument #2 to 'table.remove' (position out of bounds)", table.remove, {1, 2, 3}, -1)
  raises("bad argument #2 to 'table.remove' (position out of bounds)", table.remove, {1, 2, 3}, 0)
  raises("bad argument #2 to 'table.remove' (position out of bounds)", table.remove, {}, 2)
  equal(table.remove({1, 2, 3}, 4), nil)
  raises("bad argument #1 to 'table.remove' (table expected, got no value)", table.remove)
  t = {}
  for i = 1, 100 do t[i] = i end
  for i = 1, 100 do equal(table.remove(t, 1), i) end
  equal(next(t), nil)
end
-- concat
do
  equal(table.concat({}), ""); equal(table.concat({}, "x"), ""); equal(table.concat({"a"}, "x"), "a")
  equal(table.concat({1, 2.5, "x"}, ", "), "1, 2.5, x")
  equal(table.concat({"a", "b", "c"}, "-", 2), "b-c"); equal(table.concat({"a", "b", "c"}, "-", 2, 2), "b")
  equal(table.concat({"a", "b", "c"}, "-", 3, 2), ""); equal(table.concat({[5] = "e", [6] = "f"}, "", 5, 6), "ef")
  equal(table.concat({"a", "b"}, 1), "a1b"); equal(table.concat({"a", "b"}, "\0"), "a\0b")
  equal(table.concat({[math.maxinteger] = "m"}, "", math.maxinteger, math.maxinteger), "m")
  equal(table.concat({[math.maxinteger - 1] = "y", [math.maxinteger] = "z"}, ",", math.maxinteger - 1, math.maxinteger), "y,z")
  equal(table.concat({[math.mininteger] = "m"}, "", math.mininteger, math.mininteger), "m")
  raises("invalid value (table) at index 2 in table for 'concat'", table.concat, {"a", {}, "c"})
  raises("invalid value (boolean) at index 1 in table for 'concat'", table.concat, {true})
  raises("invalid value (nil) at index 3 in table for 'concat'", table.concat, {"a", "b"}, "", 1, 3)
  raises("bad argument #1 to 'table.concat' (table expected, got nil)", table.concat, nil)
  raises("bad argument #2 to 'table.concat' (string expected, got table)", table.concat, {}, {})
  local t = {}
  for i = 1, 10000 do t[i] = "x" end
  equal(#table.concat(t), 10000); equal(#table.concat(t, "ab"), 10000 + 2 * 9999)
end
-- pack, unpack
do
  local t = table.pack(1, nil, 3, nil)
  equal(t.n, 4); equal(t[1], 1); equal(t[3], 3); equal(t[4], nil)
  equal(table.pack().n, 0); equal(table.pack(nil).n, 1)
  equal(show(table.unpack({1, 2, 3})), "1 2 3"); equal(show(table.unpack({1, 2, 3}, 2)), "2 3")
  equal(show(table.unpack({1, 2, 3}, 2, 2)), "2"); equal(show(table.unpack({1, 2}, 1, 4)), "1 2 nil nil")
  equal(show(table.unpack({}, 1, 0)), ""); equal(show(table.unpack({}, 3, 1)), ""); equal(show(table.unpack({}, -1, 1)), "nil nil nil")
  equal(show(table.unpack({[-1] = "a", [0] = "b"}, -1, 0)), "a b")
  equal(show(table.unpack({}, math.maxinteger, math.mininteger)), "")
  equal(show(table.unpack({[math.maxinteger] = 9}, math.maxinteger, math.maxinteger)), "9")
  equal(show(table.unpack({[math.mininteger] = 8}, math.mininteger, math.mininteger)), "8")
  raises("too many results to unpack", table.unpack, {}, 1, 1e8)
  raises("too many results to unpack", table.unpack, {}, 1, math.maxinteger)
  raises("too many results to unpack", table.unpack, {}, math.mininteger, math.maxinteger)
  raises("too many results to unpack", table.unpack, {}, 0, math.maxinteger)
  if _VERSION == "Lua 5.5" then
    raises("bad argument #1 to 'table.unpack' (table expected, got no value)", table.unpack)
    raises("bad argument #1 to 'table.unpack' (table expected, got number)", table.unpack, 5, 1, 2)
  else
    raises("attempt to get length of a nil value", table.unpack)
    raises("attempt to index a number value", table.unpack, 5, 1, 2)
    equal(show(table.unpack("abc")), "nil nil nil")
  end
  equal(select("#", table.unpack({}, 1, 200000)), 200000)
  t = {}
  for i = 1, 250 do t[i] = i end
  equal(select(250, table.unpack(t)), 250)
end
-- move
do
  local t = {1, 2, 3, 4, 5}
  equal(table.move(t, 1, 3, 2), t)
  equal(table.concat(t, ","), "1,1,2,3,5")
  equal(table.concat(table.move({1, 2, 3, 4, 5}, 2, 5, 1), ","), "2,3,4,5,5")
  equal(table.concat(table.move({1, 2, 3}, 1, 3, 1), ","), "1,2,3")
  equal(table.concat(table.move({1, 2, 3}, 1, 3, 4), ","), "1,2,3,1,2,3")
  equal(table.concat(table.move({1, 2, 3}, 1, 0, 3), ","), "1,2,3")
  local u = {}
  equal(table.move({1, 2, 3}, 2, 3, 1, u), u)
  equal(table.concat(u, ","), "2,3")
  equal(table.concat(table.move({1, 2, 3}, 1, 3, 3, {9, 9}), ","), "9,9,1,2,3")
  local m = table.move({[math.maxinteger] = "m"}, math.maxinteger, math.maxinteger, 1)
  equal(m[1], "m")
  m = table.move({[math.mininteger] = "n"}, math.mininteger, math.mininteger, math.maxinteger, {})
  equal(m[math.maxinteger], "n")
  raises("too many elements to move", table.move, {}, -1, math.maxinteger, 2)
  raises("too many elements to move", table.move, {}, 0, math.maxinteger, 1)
  raises("destination wrap around", table.move, {}, 1, 2, math.maxinteger)
  raises("destination wrap around", table.move, {}, 1, math.maxinteger, 2)
  raises("bad argument #1 to 'table.move' (table expected, got nil)", table.move, nil, 1, 2, 3)
  raises("bad argument #2 to 'table.move' (number expected, got no value)", table.move, {})
  raises("bad argument #5 to 'table.move' (table expected, got number)", table.move, {}, 1, 2, 3, 4)
end
-- metamethods are respected by all of them
do
  local log = {}
  local store = {"a", "b", "c"}
  local p = setmetatable({}, {
    __len = function () return #store end,
    __index = function (_, k) log[#log + 1] = "r" .. tostring(k); return store[k] end,
    __newindex = function (_, k, v) log[#log + 1] = "w" .. tostring(k); store[k] = v end,
  })
  local function trace () local s = table.concat(log, " "); log = {}; return s end
  table.insert(p, "d"); equal(trace(), "w4")
  table.insert(p, 2, "x"); equal(trace(), "r4 w5 r3 w4 r2 w3 w2")
  equal(table.concat(store), "axbcd")
  equal(table.remove(p, 2), "x"); equal(trace(), "r2 r3 w2 r4 w3 r5 w4 w5")
  equal(table.remove(p), "d"); equal(trace(), "r4 w4")
  equal(table.concat(p, "-"), "a-b-c"); equal(trace(), "r1 r2 r3")
  equal(show(table.unpack(p)), "a b c"); equal(trace(), "r1 r2 r3")
  table.move(p, 1, 2, 2); equal(trace(), "r2 w3 r1 w2")
  equal(table.concat(store), "aab")
  table.move(store, 1, 2, 5, p); equal(trace(), "w5 w6")
  store[5], store[6] = nil, nil
  table.sort(p)
  check(#trace() > 0)
  -- something that is no table but behaves like one
  local u = io.stdout
  raises("bad argument #1 to 'table.insert' (table expected, got FILE*)", table.insert, u, 1)
  local s = setmetatable({}, {__index = function () return "v" end, __len = function () return 2 end})
  equal(table.concat(s), "vv")
end
-- the length of tables with holes is a border
do
  local function border (t) local n = #t; return (n == 0 or t[n] ~= nil) and t[n + 1] == nil end
  for _, t in ipairs {{}, {1}, {1, 2, 3}, {nil, 2}, {1, nil, 3}, {nil, nil, 3}, {1, 2, nil, 4}, {[2] = 1}, {[1] = 1, [2] = 2, [4] = 4},
      {n = 1}, {1, 2, 3, nil}, {nil}, {[0] = 0}, {[-1] = 1, 1}} do check(border(t)) end
  local t = {}
  for i = 1, 100 do t[i] = i; equal(#t, i) end
  for i = 100, 1, -1 do equal(#t, i); t[i] = nil end
  equal(#t, 0)
  for i = 100, 1, -1 do t[i] = i; check(border(t)) end
  equal(#t, 100)
  for i = 1, 50 do t[i * 2] = nil; check(border(t)) end
  t = {1, 2, 3, 4}; t[#t + 1] = 5; equal(#t, 5)
  t = {n = 1, 10, m = 2, 20, [3] = 30}; equal(#t, 3)
  equal(#{1, 2, nil}, 2); equal(#{n = 3}, 0); equal(#"", 0)
  equal(#{table.unpack({}, 1, 3)}, 0)
  equal(#{(function () return 1, 2, 3 end)()}, 3); equal(#{((function () return 1, 2, 3 end)())}, 1)
end
if _VERSION == "Lua 5.5" then
  -- table.create makes room only
  local t = table.create(100)
  equal(#t, 0); equal(next(t), nil)
  t[1] = 1; equal(#t, 1)
  t = table.create(10, 20)
  for i = 1, 30 do t[i] = i; t["k" .. i] = i end
  equal(#t, 30)
  equal(type(table.create(0)), "table"); equal(type(table.create(0, 0)), "table")
  raises("bad argument #1 to 'table.create' (out of range)", table.create, -1)
  raises("bad argument #2 to 'table.create' (out of range)", table.create, 1, -1)
  raises("bad argument #1 to 'table.create' (out of range)", table.create, math.maxinteger)
  raises("bad argument #1 to 'table.create' (number expected, got no value)", table.create)
end

return "ok", checks
