-- The host calls a function of Lua, 200,000 times, as lua_calls_host.lua does the other way round.
function add (a, b)
  return a + b
end
