;; Both imports, between others, so that every index space shifts.
;; run legacy: { encoding = "legacy" }
;; run standard: { encoding = "standard" }
;; run host: { encoding = "host" }
;; run kept: { encoding = "legacy", keep_exports = true }
(module
  (import "env" "before" (func $before))
  (import "env" "lua_try" (func $lua_try (param i32 i32 i32) (result i32)))
  (import "env" "between" (func $between (param i32)))
  (import "env" "lua_throw" (func $lua_throw (param i32)))
  (table (export "__indirect_function_table") 4 funcref)
  (memory (export "memory") 1)
  (global $__stack_pointer (export "__stack_pointer") (mut i32) (i32.const 1024))
  (global $other (mut i32) (i32.const 7))
  (start $begin)
  (elem (i32.const 1) func $body $before $lua_throw)
  (func $begin call $before)
  (func $body (param $L i32) (param $ud i32)
    global.get $__stack_pointer
    i32.const 16
    i32.sub
    global.set $__stack_pointer
    local.get $ud
    call $between
    local.get $L
    call $lua_throw
    unreachable)
  (func (export "guarded") (param $L i32) (result i32)
    i32.const 1
    local.get $L
    i32.const 5
    call $lua_try)
  (export "raise" (func $lua_throw)))
