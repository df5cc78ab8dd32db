;; error: not a valid module: at byte 20 (0x14): exceptions proposal not enabled
;; error: allowed features: mutable-globals, sign-ext, nontrapping-fptoint, bulk-memory
