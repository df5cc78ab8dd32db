;; run legacy: { encoding = "legacy" }
(module
  (import "env" "lua_throw" (func $lua_throw (param i32) (result i32))))
