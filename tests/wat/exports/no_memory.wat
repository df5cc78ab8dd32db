;; Without a memory there is none to export.
;; run add: { memory = true, add = ["f"] }
(module (func $f))
