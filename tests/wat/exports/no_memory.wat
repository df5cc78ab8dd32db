;; Without a memory there is none to export.
;; run add: { add = ["f"] }
(module (func $f))
