;; Nothing to remove.
;; run all: {}
(module (func (export "f")))
