;; By the name section: functions, and the linker's own table, memory and stack pointer.
;; run add: { memory = true, add = ["init", "compute", "__stack_pointer", "__indirect_function_table"] }
;; run only: { memory = true, add = ["init"], only_named = true }
;; run rename: { memory = true, add = ["compute"], rename = { init = "start", old = "new" }, hide = ["junk"] }
;; run hide_added: { memory = true, add = ["init", "compute"], hide = ["init"] }
(module
  (table 1 funcref)
  (memory 1)
  (global $__stack_pointer (mut i32) (i32.const 1024))
  (func $init (result i32) i32.const 0)
  (func $compute (param i32 i32) (result i32) i32.const 0)
  (func $old (export "old"))
  (func $junk (export "junk")))
