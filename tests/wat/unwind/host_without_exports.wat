;; A host cannot serve the imports of this one.
;; run host: { encoding = "host" }
(module
  (import "env" "lua_try" (func $lua_try (param i32 i32 i32) (result i32)))
  (table 1 funcref)
  (global $__stack_pointer (mut i32) (i32.const 1024)))
