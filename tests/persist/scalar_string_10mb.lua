Memory.big = ("0123456789abcdef"):rep(655360)
--- restart
assert(#Memory.big == 10485760)
assert(Memory.big:sub(-16) == "0123456789abcdef")
Memory.big = nil
--- restart
assert(Memory.big == nil)
