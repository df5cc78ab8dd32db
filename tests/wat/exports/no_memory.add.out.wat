;; added f
(module
  (type (;0;) (func))
  (export "f" (func $f))
  (func $f (;0;) (type 0))
)
