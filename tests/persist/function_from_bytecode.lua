-- functions that a script loads as bytecode are stored like others: by the chunk that they came from
local text = string.dump(load("local a = ... ; local n = 0; return function (x) n = n + x; return n, a end, function () return n end", "=made"))
Memory.add, Memory.get = load(text, "x", "b")("first")
Memory.add(5)
Memory.plain = load(string.dump(function (a, b) return a + b end, true))
Memory.global = load(string.dump(function () return marker, _G ~= nil end))
Memory.main = load(text, "x", "b")
--- restart
assert(Memory.add(7) == 12 and select(2, Memory.add(0)) == "first" and Memory.get() == 12)
assert(Memory.plain(40, 2) == 42)
marker = "seen"
local a, b = Memory.global()
assert(a == "seen" and b == true)
local add, get = Memory.main("second")
assert(add(1) == 1 and select(2, add(1)) == "second" and get() == 2)
Memory.again = load(string.dump(Memory.add))
assert(debug.getinfo(Memory.add, "S").source == "=made")
assert(debug.getinfo(Memory.plain, "S").source == "=?")
--- restart
assert(Memory.get() == 12 and Memory.add(1) == 13 and Memory.get() == 13)
local ok, msg = pcall(load, "\27Lua", "x", "b")
assert(ok and msg == nil)
assert(not pcall(Memory.again, 1))  -- its upvalues were not dumped
