for i = 1, 300 do Memory["k" .. i % 50] = {i}; ext.flush() end
--- restart
for i = 251, 300 do assert(Memory["k" .. i % 50][1] == i) end
