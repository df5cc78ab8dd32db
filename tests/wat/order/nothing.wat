;; A module without functions of its own stays as it is.
;; run anew: {}
(module
  (import "m" "f" (func $imported))
  (table 1 funcref)
  (elem (i32.const 0) $imported)
  (export "f" (func $imported))
)
