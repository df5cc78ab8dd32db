Memory.print_ref = print
Memory.math_sin = math.sin
Memory.list = {pairs, ipairs, next, string.format, table.sort, coroutine.wrap, math.random, require, select(1, ipairs({})), utf8.char, os.time, io.write}
--- restart
assert(Memory.print_ref == print and Memory.math_sin == math.sin)
local want = {pairs, ipairs, next, string.format, table.sort, coroutine.wrap, math.random, require, (ipairs({})), utf8.char, os.time, io.write}
for i, f in ipairs(want) do assert(Memory.list[i] == f, i) end
assert(Memory.math_sin(0) == 0)
