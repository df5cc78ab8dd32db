-- Reads and writes of what is under `Memory`; elsewhere of a plain table of that name.
Memory = Memory or {}
Memory.user = {name = "Ada", scores = {}, visits = 0}
local user = Memory.user
for i = 1, 1000 do user.scores[i] = i end
local sum = 0
for i = 1, 600000 do
  user.visits = user.visits + 1
  local at = i % 1000 + 1
  user.scores[at] = user.scores[at] + 1
  sum = sum + #Memory.user.name
end
return sum .. " " .. user.visits .. " " .. user.scores[1000]
