-- The globals table by its name, with names that are known.
_G.print(_G.math.pi)
local env = _ENV
env.tostring(env["os"].time())
Config = {debug = true}
local key = "select"
if Config then key = "next" end
return _G[key]
