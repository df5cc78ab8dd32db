;; error: a host that unwinds needs the export `__indirect_function_table`, which the module lacks
