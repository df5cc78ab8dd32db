;; What is not used goes, what is exported and what the table holds stays; a trap stays a trap.
;; run size: { goal = "size" }
;; run speed: { goal = "speed" }
;; run names: { goal = "size", keep_names = true }
(module
  (import "env" "lua_try" (func $lua_try (param i32 i32 i32) (result i32)))
  (table (export "__indirect_function_table") 2 funcref)
  (global $__stack_pointer (export "__stack_pointer") (mut i32) (i32.const 1024))
  (memory (export "memory") 1)
  (elem (i32.const 1) func $body)
  (func $unused (result i32) i32.const 1)
  (func $body (param $L i32) (param $ud i32)
    (drop (i32.load (local.get $ud)))
    (i32.store (local.get $L) (i32.add (i32.const 20) (i32.const 22))))
  (func $guarded (export "guarded") (param $L i32) (result i32)
    (call $lua_try (i32.const 1) (local.get $L) (i32.const 5))))
