(module
  (type (;0;) (func))
  (type (;1;) (func (result i32)))
  (type (;2;) (func (param i32)))
  (type (;3;) (func (result f64)))
  (type (;4;) (func (param i32) (result i32)))
  (import "m" "f" (func $imported (;0;) (type 0)))
  (table (;0;) 6 funcref)
  (memory (;0;) 1)
  (export "a" (func $a))
  (start $e)
  (elem (;0;) (i32.const 0) func $d $imported $b $f $d)
  (elem (;1;) (i32.const 5) func $c)
  (func $a (;1;) (type 0)
    call $imported
    call $e
  )
  (func $e (;2;) (type 0)
    i32.const 3
    drop
  )
  (func $g (;3;) (type 4) (param i32) (result i32)
    local.get 0
    call $b
    i32.add
  )
  (func $d (;4;) (type 0)
    call $e
    i32.const 2
    call $g
    drop
  )
  (func $b (;5;) (type 1) (result i32)
    i32.const 1
  )
  (func $f (;6;) (type 3) (result f64)
    f64.const 0x1p+0 (;=1;)
  )
  (func $c (;7;) (type 2) (param i32)
    call $a
    i32.const 1
    call $g
    drop
  )
)
