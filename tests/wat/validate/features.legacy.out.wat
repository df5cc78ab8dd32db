;; error: not a valid module: at byte 37 (0x25): try_table is of the standard exception encoding, only the legacy one is allowed
;; error: allowed features: mutable-globals, sign-ext, nontrapping-fptoint, bulk-memory, legacy-exceptions
