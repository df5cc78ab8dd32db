local s = ("ab"):rep(1000)
while true do s:gsub("(a*)(b*)", "%2%1") end
