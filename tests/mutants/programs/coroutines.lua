-- Coroutines: suspended in loops, in protected calls, in iterators, in one another, with variables to be closed, upvalues that
-- they share, extra arguments; new ones, ended ones, and those of coroutine.wrap.
local create, wrap, resume, yield = coroutine.create, coroutine.wrap, coroutine.resume, coroutine.yield

-- Kept under a name after so many resumes, with these arguments.
local function keep (name, resumes, f, ...)
  local co = create(f)
  for i = 1, resumes do resume(co, ...) end
  Memory[name] = co
end

keep("generator", 2, function (n)
  local sum = 0
  pcall(function ()
    for i = 1, n do
      sum = sum + i
      yield(sum)
    end
  end)
  return "end", sum
end, 3)
keep("numbers", 1, function ()
  for x = 3.0, 0.5, -0.5 do yield(x) end
end)
keep("pairs", 2, function ()
  for k, v in pairs {10, 20, x = 30} do yield(k, v) end
  for k, v in next, {a = 1} do yield(k, v) end
end)
keep("iterator", 2, function (...)
  for k, v in pairs(setmetatable({...}, {__pairs = function (t) return ipairs(t) end})) do yield(k, v, ...) end
end, "one", "two")
keep("closing", 1, function (a, ...)
  local log <const> = {}
  local one <close> = setmetatable({}, {__close = function (_, e) log[#log + 1] = e or "one" end})
  do
    local two <close> = setmetatable({}, {__close = function () log[#log + 1] = "two" end})
    yield(log, ...)
  end
  return log, a
end, 1, 2, 3)
keep("handler", 1, function ()
  return xpcall(function ()
    yield()
    error("inside")
  end, function (e) return "handled: " .. e end)
end)
local shared = 0
keep("first", 1, function () while true do shared = shared + 1; yield(shared) end end)
keep("second", 1, function () while true do shared = shared + 10; yield(shared) end end)
Memory.shared = function () return shared end
keep("open", 1, function ()
  local n = 1
  Memory.raise = function (k) n = n + (tonumber(k) or 1); return n end
  while true do yield(n) end
end)
local inner = create(function ()
  yield(1)
  yield(2)
end)
keep("outer", 1, function ()
  local next = wrap(function () for i = 1, 3 do yield(i) end end)
  while true do
    local ok, v = resume(inner)
    yield(ok, v, next())
  end
end)
keep("tail", 1, function (n) return (function (m) return yield(m) end)(n) end, 7)
keep("new", 0, function (a, b) return a, b end)
keep("ended", 1, function () return "over" end)
keep("failed", 1, function () error({}) end)
Memory.wrapped = wrap(function (a)
  while true do a = yield(a) end
end)
Memory.wrapped(1)
