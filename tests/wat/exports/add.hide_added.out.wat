;; added memory
;; added compute
(module
  (type (;0;) (func (result i32)))
  (type (;1;) (func (param i32 i32) (result i32)))
  (type (;2;) (func))
  (table (;0;) 1 funcref)
  (memory (;0;) 1)
  (global $__stack_pointer (;0;) (mut i32) i32.const 1024)
  (export "old" (func $old))
  (export "junk" (func $junk))
  (export "memory" (memory 0))
  (export "compute" (func $compute))
  (func $init (;0;) (type 0) (result i32)
    i32.const 0
  )
  (func $compute (;1;) (type 1) (param i32 i32) (result i32)
    i32.const 0
  )
  (func $old (;2;) (type 2))
  (func $junk (;3;) (type 2))
)
