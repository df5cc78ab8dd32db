;; error: `__stack_pointer`: expected global, mutable i32, found global, i32
