;; Two globals may be the stack pointer, and nothing says which.
;; run legacy: { encoding = "legacy" }
(module
  (import "env" "lua_try" (func $lua_try (param i32 i32 i32) (result i32)))
  (table 1 funcref)
  (global (mut i32) (i32.const 1024))
  (global (mut i32) (i32.const 0))
  (global i32 (i32.const 0)))
