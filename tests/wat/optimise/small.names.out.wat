(module
  (type (;0;) (func (param i32 i32 i32) (result i32)))
  (type (;1;) (func (param i32 i32)))
  (type (;2;) (func (param i32) (result i32)))
  (import "env" "lua_try" (func $lua_try (;0;) (type 0)))
  (table (;0;) 2 funcref)
  (memory (;0;) 1)
  (global $__stack_pointer (;0;) (mut i32) i32.const 1024)
  (export "__indirect_function_table" (table 0))
  (export "__stack_pointer" (global $__stack_pointer))
  (export "memory" (memory 0))
  (export "guarded" (func $guarded))
  (elem (;0;) (i32.const 1) func $body)
  (func $body (;1;) (type 1) (param i32 i32)
    local.get 1
    i32.load
    drop
    local.get 0
    i32.const 42
    i32.store
  )
  (func $guarded (;2;) (type 2) (param i32) (result i32)
    i32.const 1
    local.get 0
    i32.const 5
    call $lua_try
  )
)
