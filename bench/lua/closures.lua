-- Functions made at run time, and their upvalues.
local function compose (f, g)
  return function (x) return f(g(x)) end
end

local function adder (n)
  return function (x) return x + n end
end

local function counter ()
  local n = 0
  return function () n = n + 1; return n end
end

local sum = 0
for i = 1, 300000 do
  local f = compose(adder(i), adder(-1))
  sum = sum + f(i) % 7
end
local count = counter()
for _ = 1, 2000000 do count() end
return sum .. " " .. count()
