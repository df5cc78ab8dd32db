;; error: `f`: not exported, and the module has no name section to look it up in; build it with names (--keep-names)
