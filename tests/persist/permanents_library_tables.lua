Memory.t = {_G, string, table, math, io, os, coroutine, utf8, debug, package, package.loaded, getmetatable(""), ext}
--- restart
local want = {_G, string, table, math, io, os, coroutine, utf8, debug, package, package.loaded, getmetatable(""), ext}
assert(#Memory.t == #want)
for i, v in ipairs(want) do assert(Memory.t[i] == v, i) end
