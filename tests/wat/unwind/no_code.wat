;; No function, tag or code section to add to: each is made in its place.
;; run standard: { encoding = "standard" }
(module
  (import "env" "lua_try" (func $lua_try (param i32 i32 i32) (result i32)))
  (import "env" "lua_throw" (func $lua_throw (param i32)))
  (table 1 funcref)
  (memory 1)
  (global $__stack_pointer (mut i32) (i32.const 1024))
  (export "try" (func $lua_try))
  (export "throw" (func $lua_throw))
  (data (i32.const 0) "x"))
