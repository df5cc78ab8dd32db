;; filled lua_try, lua_throw
(module
  (type (;0;) (func))
  (type (;1;) (func (param i32 i32 i32) (result i32)))
  (type (;2;) (func (param i32)))
  (type (;3;) (func (param i32 i32)))
  (type (;4;) (func (param i32) (result i32)))
  (import "env" "before" (func $before (;0;) (type 0)))
  (import "env" "between" (func $between (;1;) (type 2)))
  (table (;0;) 4 funcref)
  (memory (;0;) 1)
  (tag (;0;) (type 0))
  (global $__stack_pointer (;0;) (mut i32) i32.const 1024)
  (global $other (;1;) (mut i32) i32.const 7)
  (export "__indirect_function_table" (table 0))
  (export "memory" (memory 0))
  (export "__stack_pointer" (global $__stack_pointer))
  (export "guarded" (func 4))
  (export "raise" (func $lua_throw))
  (start $begin)
  (elem (;0;) (i32.const 1) func $body $before $lua_throw)
  (func $begin (;2;) (type 0)
    call $before
  )
  (func $body (;3;) (type 3) (param $L i32) (param $ud i32)
    global.get $__stack_pointer
    i32.const 16
    i32.sub
    global.set $__stack_pointer
    local.get $ud
    call $between
    local.get $L
    call $lua_throw
    unreachable
  )
  (func (;4;) (type 4) (param $L i32) (result i32)
    i32.const 1
    local.get $L
    i32.const 5
    call $lua_try
  )
  (func $lua_try (;5;) (type 1) (param i32 i32 i32) (result i32)
    global.get $__stack_pointer
    try ;; label = @1
      local.get 1
      local.get 2
      local.get 0
      call_indirect (type 3)
      i32.const 0
      return
    catch 0
    end
    global.set $__stack_pointer
    i32.const 1
  )
  (func $lua_throw (;6;) (type 2) (param i32)
    throw 0
  )
)
