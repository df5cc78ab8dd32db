;; Everything that is wrong is said at once.
;; run core: { contracts = ["core"], other_exports = ["mine"] }
;; run both: { contracts = ["core", "full"] }
;; run host: { contracts = ["unwind-host"], unwind = "host" }
;; run none: { }
(module
  (import "env" "js_time_now" (func (result i64)))
  (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
  (import "env" "js_time_noww" (func (result f64)))
  (import "env" "lua_throw" (func (param i32)))
  (memory (export "memory") 1)
  (func (export "init") (result i32) i32.const 0)
  (func $compute (param i32 i32) (result i32) i32.const 0)
  (func (export "get_buffer_ptr") (param i32) (result i32) i32.const 0)
  (func (export "get_bufer_size") (result i32) i32.const 0)
  (func (export "get_memory_stats") (param i32))
  (func (export "mine"))
  (global (export "run_gc") i32 (i32.const 0)))
