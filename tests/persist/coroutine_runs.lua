-- What a coroutine reaches is stored while it runs, too: it does not take what can't be stored.
Memory.co = coroutine.create(function()
  local t = {list = {}}
  coroutine.yield()
  for _, change in ipairs{
    function() t.list[1] = io.stdout end, function() rawset(t, "x", string.gmatch("a", "a")) end,
    function() setmetatable(t.list, {__index = io.stdout}) end,
  } do
    local ok, msg = pcall(change)
    assert(not ok and msg:find("cannot persist", 1, true), msg)
  end
  t.list[1] = "fine"
  coroutine.yield(t)
  t = nil
  coroutine.yield()
end)
assert(coroutine.resume(Memory.co))
ext.flush()
assert(coroutine.resume(Memory.co))
--- restart
local ok, v = coroutine.resume(Memory.co)
assert(ok and v == nil)
