;; error: `compute`: missing, expected function (i32, i32) -> i32; it is in the code (function 5, (i32, i32) -> i32) but not exported
;; error: `get_buffer_ptr`: expected function () -> i32, found function (i32) -> i32
;; error: `get_buffer_size`: missing, expected function () -> i32; near: `get_bufer_size`, `get_buffer_ptr`
;; error: `run_gc`: expected function () -> (), found global, i32
;; error: `abi_version`: missing, expected function () -> i32
;; error: `reserve_buffer`: missing, expected function (i32) -> i32
;; error: `get_last_error`: missing, expected function () -> i32
;; error: `set_chunk_name`: missing, expected function (i32, i32) -> ()
;; error: `set_limits`: missing, expected function (i32, i64) -> ()
;; error: `set_seed`: missing, expected function (i64) -> ()
;; error: `attach_memory_table`: missing, expected function (i32) -> i32
;; error: `get_memory_table_id`: missing, expected function () -> i32; near: `get_memory_stats`
;; error: `ext_table_new`: missing, expected function () -> i32
;; error: `sync_external_table_counter`: missing, expected function (i32) -> ()
;; error: `serialize_table`: missing, expected function (i32) -> i32
;; error: `deserialize_table`: missing, expected function (i32, i32) -> i32
;; error: `flush`: missing, expected function () -> i32
;; error: `collect_tables`: missing, expected function (i32, i32) -> i32
;; error: import `env.js_time_now`: expected function () -> f64, found function () -> i64
;; error: import `wasi_snapshot_preview1.fd_write`: function (i32, i32, i32, i32) -> i32, but no contract allows it
;; error: import `env.js_time_noww`: function () -> f64, but no contract allows it; near: `js_time_now`
;; error: import `env.lua_throw`: function (i32) -> (), but no contract allows it
