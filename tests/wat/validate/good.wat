;; run core: { contracts = ["core"], other_exports = [] }
;; run standard: { contracts = ["core"], unwind = "standard" }
(module
  (import "env" "js_time_now" (func (result f64)))
  (memory (export "memory") 1)
  (func (export "init") (result i32) i32.const 0)
  (func (export "compute") (param i32 i32) (result i32) i32.const 0)
  (func (export "get_buffer_ptr") (result i32) i32.const 0)
  (func (export "get_buffer_size") (result i32) i32.const 0)
  (func (export "get_memory_stats") (param i32))
  (func (export "run_gc")))
