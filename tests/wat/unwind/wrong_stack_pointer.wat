;; run legacy: { encoding = "legacy" }
(module
  (import "env" "lua_try" (func $lua_try (param i32 i32 i32) (result i32)))
  (table 1 funcref)
  (global (export "__stack_pointer") i32 (i32.const 1024)))
