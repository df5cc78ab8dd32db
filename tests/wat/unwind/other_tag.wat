;; A tag that is there already keeps its index; the imports of `lua_try` by other modules are not ours.
;; run legacy: { encoding = "legacy" }
(module
  (import "other" "lua_try" (func $foreign (param i64)))
  (import "env" "lua_throw" (func $lua_throw (param i32)))
  (tag $theirs (param i32))
  (func (export "f") (param i32)
    try
      i64.const 1
      call $foreign
      local.get 0
      call $lua_throw
    catch $theirs
      drop
    end))
