;; run legacy: { encoding = "legacy" }
(module
  (import "env" "lua_throw" (global $lua_throw i32)))
