;; Custom sections between all others; what is not custom stays to the byte.
;; run all: {}
;; run names: { keep_names = true }
;; run foreign: { keep_unknown = true }
(module
  (@custom "dylink.0" (before first) "\01\04\00\00\00\00")
  (@custom ".debug_info" (before type) "garbage")
  (func $f (result i32) i32.const 1)
  (export "f" (func $f))
  (data "text")
  (@custom "linking" (after data) "\02")
  (@custom "reloc.CODE" (after data) "\00\00")
  (@custom ".debug_line" (after last) "more garbage")
  (@custom "target_features" (after last) "\00")
  (@producers (language "C11" ""))
  (@custom "unheard of" (after last) "x"))
