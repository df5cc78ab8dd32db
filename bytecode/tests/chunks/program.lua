-- The chunks beside this file are string.dump of its main function, made by each version of Lua.
local up <const>, count = "constant", 0
local function counter (step, ...)
  count = count + step
  return select("#", ...), count, {step, ...; key = up, [count] = {}}
end
local function loops (t)
  for i = 1, 10 do
    for k, v in pairs(t) do
      if k == i and v then goto continue elseif v == up then break end
      t[i] = function () return i, k, v .. up end
      ::continue::
    end
  end
  while count < 20.5 do count = count << 1 | 1 end
  repeat local x <close> = nil until not x
  return counter(-count // 2, t:method(1)), t.a.b.c
end
return pcall(loops, {1, 2, 3, up, x = 2 ^ 0.5})
