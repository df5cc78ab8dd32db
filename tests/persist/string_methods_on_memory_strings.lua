Memory.s = "hello"
--- restart
assert(Memory.s:upper() == "HELLO" and #Memory.s == 5 and Memory.s .. "!" == "hello!")
