local function body(...)
  local n = select("#", ...)
  local function inner(a, ...)
    coroutine.yield(n, a, ...)
    local t = {...}
    coroutine.yield(#t > 0 and select("#", ...), coroutine.yield("nested", ...))
    return ...
  end
  return n, inner(...)
end
Memory.co = coroutine.create(body)
local t = {coroutine.resume(Memory.co, "x", 2, nil, Memory, 5)}
assert(t[2] == 5 and t[3] == "x" and t[4] == 2 and t[5] == nil and t[6] == Memory and t[7] == 5)
Memory.none = coroutine.wrap(function(a, b, ...) coroutine.yield(a, b, ...) return select("#", ...), ... end)
assert(select("#", Memory.none(1)) == 2)
--- restart
assert(Memory.none() == 0)
local t = table.pack(coroutine.resume(Memory.co))
assert(t[2] == "nested" and t[3] == 2 and t[4] == nil and t[5] == Memory and t[6] == 5 and t.n == 6)
--- restart
local t = table.pack(coroutine.resume(Memory.co, "p", nil, "q"))
assert(t[2] == 4 and t[3] == "p" and t[4] == nil and t[5] == "q" and t.n == 5)
--- restart
local t = table.pack(coroutine.resume(Memory.co))
assert(t[2] == 5 and t[3] == 2 and t[4] == nil and t[5] == Memory and t[6] == 5 and t.n == 6)
--- restart
-- constructors, arguments and results in the making
Memory.co = coroutine.wrap(function(...)
  local y = coroutine.yield
  local t = {y(1), y(2), n = y(3), y(4)}
  local s = string.format("%s %s", y(5), (y(6)))
  return select("#", t, s, y(7)), t, s, ...
end)
assert(Memory.co("e1", "e2") == 1)
--- restart
assert(Memory.co("a") == 2)
--- restart
assert(Memory.co("b") == 3 and Memory.co("c") == 4)
--- restart
assert(Memory.co("d", "e") == 5)
--- restart
assert(Memory.co("f") == 6)
--- restart
assert(Memory.co("g") == 7)
--- restart
local n, t, s, e1, e2 = Memory.co(1, 2, 3)
assert(n == 5 and table.concat(t, ",") == "a,b,d,e" and t.n == "c" and s == "f g" and e1 == "e1" and e2 == "e2")
