;; error: `lua_try` calls through a table of functions, but the module has none
