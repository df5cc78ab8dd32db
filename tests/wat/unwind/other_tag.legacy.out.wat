;; filled lua_throw
(module
  (type (;0;) (func (param i64)))
  (type (;1;) (func (param i32)))
  (type (;2;) (func))
  (import "other" "lua_try" (func $foreign (;0;) (type 0)))
  (tag $theirs (;0;) (type 1) (param i32))
  (tag (;1;) (type 2))
  (export "f" (func 1))
  (func (;1;) (type 1) (param i32)
    try ;; label = @1
      i64.const 1
      call $foreign
      local.get 0
      call $lua_throw
    catch $theirs
      drop
    end
  )
  (func $lua_throw (;2;) (type 1) (param i32)
    throw 1
  )
)
