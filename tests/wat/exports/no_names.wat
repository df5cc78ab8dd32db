;; Without a name section only exports have names.
;; run add: { add = ["f", "g"] }
(module
  (func (export "g")))
