/** Programs to begin with. */

export interface Example {
  readonly name: string;
  readonly text: string;
}

export const examples: readonly Example[] = [
  {
    name: "A counter that persists",
    text: `-- Run it, reload the page, run it again: the function goes on counting.
if not Memory.next then
  local n = 0
  function Memory.next() n = n + 1; return n end
end

print("run number", Memory.next())
return Memory.next
`,
  },
  {
    name: "Objects and metatables",
    text: `-- Accounts with a class; both are stored, and so is what they share.
local Account = Memory.Account
if not Account then
  Account = {}
  Account.__index = Account
  function Account:deposit(amount) self.balance = self.balance + amount end
  function Account.__tostring(a) return a.owner .. " has " .. a.balance end
  Memory.Account = Account
  Memory.ada = setmetatable({ owner = "Ada", balance = 0 }, Account)
end

Memory.ada:deposit(10)
print(Memory.ada)
return Memory.ada.balance
`,
  },
  {
    name: "A to-do list",
    text: `Memory.todo = Memory.todo or {}
table.insert(Memory.todo, { text = "task " .. #Memory.todo + 1, at = os.date("%H:%M:%S") })
for i, item in ipairs(Memory.todo) do print(i, item.text, item.at) end
return #Memory.todo
`,
  },
  {
    name: "Waiting for promises",
    text: `-- sleep and now are functions of the page; sleep returns a promise, and Lua waits for it.
for i = 1, 3 do
  local before = now()
  sleep(200)
  print(i, "waited", string.format("%.0f ms", now() - before))
end
return pcall(sleep, "not a number")
`,
  },
  {
    name: "Values of all kinds",
    text: `return 42, 2^53, 1/3, math.maxinteger, "text", "\\xff\\0 bytes", { 1, 2, 3, key = { true } }, nil, print
`,
  },
  {
    name: "An error with its line",
    text: `local function inner(t)
  return t.x.y     -- t.x is nil
end

print("before the error")
inner({})
`,
  },
  {
    name: "A loop that never ends",
    text: `-- The page stays responsive. Stop it with the button.
local n = 0
while true do
  n = n + 1
  if n % 20000000 == 0 then print(n) end
end
`,
  },
];
