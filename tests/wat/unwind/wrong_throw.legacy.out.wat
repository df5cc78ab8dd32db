;; error: import `env.lua_throw`: expected function (i32) -> (), found function (i32) -> i32
