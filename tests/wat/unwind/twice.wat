;; An import may stand in a module twice; without `lua_throw` only one function is made.
;; run legacy: { encoding = "legacy" }
(module
  (import "env" "lua_try" (func $first (param i32 i32 i32) (result i32)))
  (import "env" "lua_try" (func $second (param i32 i32 i32) (result i32)))
  (table 1 funcref)
  (func (export "a") (result i32) i32.const 0 i32.const 0 i32.const 0 call $first)
  (func (export "b") (result i32) i32.const 0 i32.const 0 i32.const 0 call $second))
