;; run legacy: { encoding = "legacy" }
;; run host: { encoding = "host" }
(module
  (import "env" "lua_try" (func $lua_try (param i32 i64) (result i32)))
  (table 1 funcref))
