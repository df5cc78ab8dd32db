;; error: `compute`: missing, expected function (i32, i32) -> i32; it is in the code (function 5, (i32, i32) -> i32) but not exported
;; error: `get_buffer_ptr`: expected function () -> i32, found function (i32) -> i32
;; error: `get_buffer_size`: missing, expected function () -> i32; near: `get_bufer_size`, `get_buffer_ptr`
;; error: `run_gc`: expected function () -> (), found global, i32
;; error: `get_bufer_size`: exported (function () -> i32), but nothing asked for it
;; error: import `env.js_time_now`: expected function () -> f64, found function () -> i64
;; error: import `wasi_snapshot_preview1.fd_write`: function (i32, i32, i32, i32) -> i32, but no contract allows it
;; error: import `env.js_time_noww`: function () -> f64, but no contract allows it; near: `js_time_now`
;; error: import `env.lua_throw`: function (i32) -> (), but no contract allows it
