;; error: import `env.lua_throw`: expected function (i32) -> (), found global, i32
