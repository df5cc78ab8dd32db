Memory.make = function(a)
  return function(b)
    return function(c) return a .. b .. c end
  end
end
Memory.ab = Memory.make("a")("b")
--- restart
assert(Memory.ab("c") == "abc")
Memory.xyz = Memory.make("x")("y")
--- restart
assert(Memory.xyz("z") == "xyz" and Memory.ab("!") == "ab!")
