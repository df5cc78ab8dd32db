;; filled lua_try
(module
  (type (;0;) (func (param i32 i32 i32) (result i32)))
  (type (;1;) (func (result i32)))
  (type (;2;) (func))
  (type (;3;) (func (param i32 i32)))
  (table (;0;) 1 funcref)
  (tag (;0;) (type 2))
  (export "a" (func 0))
  (export "b" (func 1))
  (func (;0;) (type 1) (result i32)
    i32.const 0
    i32.const 0
    i32.const 0
    call $first
  )
  (func (;1;) (type 1) (result i32)
    i32.const 0
    i32.const 0
    i32.const 0
    call $first
  )
  (func $first (;2;) (type 0) (param i32 i32 i32) (result i32)
    try ;; label = @1
      local.get 1
      local.get 2
      local.get 0
      call_indirect (type 3)
      i32.const 0
      return
    catch 0
    end
    i32.const 1
  )
)
