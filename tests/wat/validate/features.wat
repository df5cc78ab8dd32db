;; A module of the standard encoding is valid for nobody else.
;; run legacy: { unwind = "legacy" }
;; run standard: { unwind = "standard" }
;; run host: { unwind = "host" }
(module
  (tag $t)
  (func (export "f")
    block $b
      try_table (catch $t $b)
      end
    end))
