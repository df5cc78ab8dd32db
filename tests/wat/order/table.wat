;; Functions of tables go last, as the tables list them; imports stay first. Calls, exports, the start function and names follow.
;; run anew: {}
(module
  (import "m" "f" (func $imported))
  (table 6 funcref)
  (elem (i32.const 0) $d $imported $b $f $d)
  (elem (i32.const 5) func $c)
  (memory 1)
  (export "a" (func $a))
  (start $e)
  (func $a (call $imported) (call $e))
  (func $b (result i32) (i32.const 1))
  (func $c (param i32) (call $a) (drop (call $g (i32.const 1))))
  (func $d (call $e) (drop (call $g (i32.const 2))))
  (func $e (drop (i32.const 3)))
  (func $f (result f64) (f64.const 1))
  (func $g (param i32) (result i32) (i32.add (local.get 0) (call $b)))
)
