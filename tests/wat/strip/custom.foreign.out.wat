;; removed .debug_info, 21 bytes
;; removed linking, 11 bytes
;; removed reloc.CODE, 15 bytes
;; removed .debug_line, 26 bytes
;; removed target_features, 19 bytes
;; removed producers, 28 bytes
;; removed name, 13 bytes
(module
  (@dylink.0
    (mem-info)
  )
  (type (;0;) (func (result i32)))
  (export "f" (func 0))
  (func (;0;) (type 0) (result i32)
    i32.const 1
  )
  (data (;0;) "text")
  (@custom "unheard of" (after data) "x")
)
