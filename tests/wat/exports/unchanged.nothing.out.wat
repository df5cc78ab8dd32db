(module
  (type (;0;) (func))
  (memory (;0;) 1)
  (export "b" (func $b))
  (export "memory" (memory 0))
  (export "a" (func $a))
  (func $a (;0;) (type 0))
  (func $b (;1;) (type 0))
)
