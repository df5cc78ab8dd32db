local id = os.time() .. "-" .. tostring(math.random(1000000))
Memory.show = function() return "id " .. id end
Memory.expected = "id " .. id
--- restart
assert(Memory.show() == Memory.expected)
--- restart
assert(Memory.show() == Memory.expected)
