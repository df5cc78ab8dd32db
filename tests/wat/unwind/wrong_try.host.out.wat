;; error: import `env.lua_try`: expected function (i32, i32, i32) -> i32, found function (i32, i64) -> i32
