;; filled lua_try, lua_throw
(module
  (type (;0;) (func (param i32 i32 i32) (result i32)))
  (type (;1;) (func (param i32)))
  (type (;2;) (func))
  (type (;3;) (func (param i32 i32)))
  (table (;0;) 1 funcref)
  (memory (;0;) 1)
  (tag (;0;) (type 2))
  (global $__stack_pointer (;0;) (mut i32) i32.const 1024)
  (export "try" (func $lua_try))
  (export "throw" (func $lua_throw))
  (func $lua_try (;0;) (type 0) (param i32 i32 i32) (result i32)
    global.get $__stack_pointer
    block ;; label = @1
      try_table (catch 0 0 (;@1;)) ;; label = @2
        local.get 1
        local.get 2
        local.get 0
        call_indirect (type 3)
      end
      i32.const 0
      return
    end
    global.set $__stack_pointer
    i32.const 1
  )
  (func $lua_throw (;1;) (type 1) (param i32)
    throw 0
  )
  (data (;0;) (i32.const 0) "x")
)
