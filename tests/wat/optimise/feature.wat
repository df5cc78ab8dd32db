;; A feature that was not asked for is refused before Binaryen sees it.
;; run size: { goal = "size" }
(module (func (export "f") (result i32 i32) i32.const 1 i32.const 2))
