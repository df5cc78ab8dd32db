-- Objects: methods found through a metatable's __index, and closures as counters.
local Account = {}
Account.__index = Account

function Account.new (balance)
  return setmetatable({balance = balance}, Account)
end

function Account:deposit (amount)
  self.balance = self.balance + amount
  return self
end

local Saving = setmetatable({}, {__index = Account})
Saving.__index = Saving

local function counter ()
  local n = 0
  return function ()
    n = n + 1
    return n
  end
end

local account = setmetatable(Account.new(0), Saving)
local count = counter()
for _ = 1, 3000000 do
  account:deposit(count() & 1)
end
return tostring(account.balance)
