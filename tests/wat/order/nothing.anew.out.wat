(module
  (type (;0;) (func))
  (import "m" "f" (func $imported (;0;) (type 0)))
  (table (;0;) 1 funcref)
  (export "f" (func $imported))
  (elem (;0;) (i32.const 0) func $imported)
)
