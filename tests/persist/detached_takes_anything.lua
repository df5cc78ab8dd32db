-- What Memory does not reach any more is as free as it was before; what it still reaches, by whatever way, is not.
Memory.t = {sub = {name = "sub"}, f = {}}
Memory.t.sub.up = Memory.t
local t, sub = Memory.t, Memory.t.sub
ext.flush()
Memory.t = nil
sub[1] = io.stdout  -- released together, before anything is flushed
t.co = string.gmatch("a", "a")
t[{}] = 1
setmetatable(t, {__index = io.stdout})
local ok, e = pcall(function() Memory.again = t end)
assert(not ok and e:find("Memory.again", 1, true), e)
sub[1], t.co = nil, nil
for k in next, t do if type(k) == "table" then rawset(t, k, nil) end end
setmetatable(t, {__index = {class = "T"}})
Memory.again = t
assert(Memory.again.sub.up == t and t.class == "T")
t.late = 1

-- new and gone again before a flush
Memory.n = {{}}
local n = Memory.n
Memory.n = nil
n[1][1] = print == nil or io.stdout
n[2] = string.gmatch("a", "a")

-- a variable of a function, and a variable that nobody can watch
local conn
Memory.f = function() return conn end
local f = Memory.f
ext.flush()
Memory.f = nil
conn = io.stdout
assert(ext.flush() >= 0 and f() == io.stdout)
debug.setupvalue(f, 1, string.gmatch("a", "a"))

-- still reached: from a table that is not loaded, a handle, a function
Memory.holder = {deep = {t = t}}
Memory.handle = ext.table()
Memory.handle.x = {}
Memory.held = Memory.handle.x
local cell = {}
Memory.cell = cell
Memory.get = function() return cell end
free = ext.table()
free.x = {}
inner = free.x
assert(not pcall(rawset, inner, 1, io.stdout))  -- a handle that Memory does not have, but the program does
--- restart
local t = Memory.again
assert(t.late == 1 and t.class == "T" and t.sub.up == t and t.sub[1] == nil and rawget(t, "co") == nil)
Memory.again = nil
assert(not pcall(rawset, t, 1, io.stdout))  -- Memory.holder.deep, not loaded
Memory.holder = nil
rawset(t, 1, io.stdout)
t.sub.x = t.sub  -- loaded only now, and released with it
rawset(t.sub, 2, io.stdout)
rawset(t, 1, nil)
t.sub[2] = nil
Memory.back = t
assert(Memory.back.sub.up == t and t.sub.x == t.sub)

local held, cell = Memory.held, Memory.cell
Memory.held, Memory.cell = nil, nil
local ok, e = pcall(rawset, held, 1, io.stdout)
assert(not ok and e:find("stored table %d+%[1%]: cannot persist a userdata"), e)
assert(not pcall(rawset, cell, 1, io.stdout))
Memory.handle.x = nil
rawset(held, 1, io.stdout)
Memory.get = nil
rawset(cell, 1, io.stdout)
--- restart
--- collect
local t = Memory.back
assert(t.late == 1 and t.class == "T" and t.sub.up == t and t.sub.x == t.sub and t.sub.name == "sub" and t.sub[2] == nil)
assert(Memory.f == nil and Memory.again == nil and Memory.held == nil and next(Memory, next(Memory)) ~= nil)
