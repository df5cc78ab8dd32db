local function f() return pcall(f), pcall(f), f() end
while true do pcall(f) end
