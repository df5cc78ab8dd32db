;; Nothing to fill in: the module stays as it is, its exports too.
;; run legacy: { encoding = "legacy" }
;; run standard: { encoding = "standard" }
;; run host: { encoding = "host" }
(module
  (import "env" "now" (func $now (result f64)))
  (global $__stack_pointer (export "__stack_pointer") (mut i32) (i32.const 1024))
  (func (export "f") (result f64) call $now))
