-- Checks what write.lua left, and what an earlier run of this program did.
assert(Memory.name == "fixture\0\255" and Memory.pi == 3.5 and Memory.big == math.mininteger and Memory.yes == true)
assert(#Memory.list >= 3 and Memory.list[3][1] == 3)
assert(Memory.get() == 10 and Memory.add(5) == 15 and Memory.get() == 15 and Memory.add(-5) == 10)
assert(Memory.box:area() == 12 and getmetatable(Memory.box).area ~= nil)
assert(Memory.sin == math.sin and Memory.lib == string and Memory.global == _G)
assert(Memory.handle.key == "kept" and Memory.handle.f == math.max and Memory.handle.own == Memory.list)
assert(Memory.loop.self == Memory.loop)
assert(Memory.named("x") == "x!" and debug.getinfo(Memory.named, "S").source == "=named")
assert(Memory.list[4] == nil or Memory.list[4] == Memory.add)
if Memory.generator then
  local ok, n = coroutine.resume(Memory.generator)
  local a, b = Memory.wrapped()
  assert(ok and n == Memory.count + 1 and a == "a" and b == "b")
  Memory.count = n
end
