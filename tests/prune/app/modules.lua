-- Modules of the application, and libraries by `require`.
local util = require "lib.util"
local s = require("string")
local m = package.loaded.math
if not pcall(error) then util.greet(s.lower("X"), m.abs(-1)) end
return require("modules")
