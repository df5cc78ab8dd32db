-- What can reach all that no instruction names.
local name = ...
print(_G[name])
for k in pairs(_G) do print(k) end
setmetatable({}, {__index = _ENV})
load(name)
local registry = debug.getregistry()
pcall(require, "x")
return require(name), require("unheard.of"), package.loaded[name]
