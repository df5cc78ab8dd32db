;; All that is missing is named at once, with what is near to it; functions of one name are told apart by nobody.
;; run missing: { memory = true, add = ["comput", "zzz", "run_gc"], hide = ["junks"] }
;; run ambiguous: { memory = true, add = ["error"] }
;; run clash: { memory = true, rename = { junk = "other", compute = "other" } }
(module
  (func $compute)
  (func $compile)
  (func $run_gcc)
  (func $one (@name "error"))
  (func $two (@name "error"))
  (func $junk (export "junk"))
  (func $other (export "other")))
