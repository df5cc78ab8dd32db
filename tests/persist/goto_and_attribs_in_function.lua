Memory.f = function(n)
  local k <const> = 10
  local i = 0
  ::again::
  i = i + 1
  if i < n then goto again end
  return i * k
end
--- restart
assert(Memory.f(5) == 50)
