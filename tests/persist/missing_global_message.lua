Memory.f = function() return undefinedhelper(1) end
--- restart
--- expect-error: attempt to call a nil value (global 'undefinedhelper') in a function from Memory
Memory.f()
