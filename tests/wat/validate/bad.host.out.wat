;; error: `__indirect_function_table`: missing, expected table
;; error: `__stack_pointer`: missing, expected global, mutable i32
;; error: import `env.js_time_now`: function () -> i64, but no contract allows it
;; error: import `wasi_snapshot_preview1.fd_write`: function (i32, i32, i32, i32) -> i32, but no contract allows it
;; error: import `env.js_time_noww`: function () -> f64, but no contract allows it
