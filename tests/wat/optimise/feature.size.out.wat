;; error: not a valid module: at byte 11 (0xb): func type returns multiple values but the multi-value feature is not enabled
;; error: allowed features: mutable-globals, sign-ext, nontrapping-fptoint, bulk-memory
