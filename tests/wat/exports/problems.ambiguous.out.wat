;; error: `error`: 2 functions have this name (static functions of different files); give the wanted one a name of its own
