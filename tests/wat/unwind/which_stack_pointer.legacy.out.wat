;; error: cannot tell which global is the stack pointer: none is exported as `__stack_pointer` or has that name, and 2 are mutable and of type i32; export it before the optimiser runs
