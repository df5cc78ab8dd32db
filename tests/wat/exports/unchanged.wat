;; Everything is as it should be: the table keeps its order.
;; run same: { memory = true, add = ["b", "a"] }
;; run nothing: { memory = true }
(module
  (memory 1)
  (func $a)
  (func $b)
  (export "b" (func $b))
  (export "memory" (memory 0))
  (export "a" (func $a)))
