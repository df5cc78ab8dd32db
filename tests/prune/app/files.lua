-- Methods are those of files only where `io` is used.
local f = io.open("x")
if f then
  for line in f:lines() do print(line:find("x")) end
  f:close()
end
return debug.traceback("x")
