;; Without a name section only exports have names.
;; run add: { memory = true, add = ["f", "g"] }
(module
  (func (export "g")))
