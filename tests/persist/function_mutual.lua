local even, odd
function even(n) if n == 0 then return true end return odd(n - 1) end
function odd(n) if n == 0 then return false end return even(n - 1) end
Memory.even = even
--- restart
assert(Memory.even(10) and not Memory.even(7))
local _, odd = debug.getupvalue(Memory.even, 1)
assert(odd(7))
