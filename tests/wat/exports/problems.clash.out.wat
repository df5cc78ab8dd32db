;; error: `compute`: cannot be renamed to `other`, which is exported already; hide that or rename it too
;; error: `junk`: cannot be renamed to `other`, which is exported already; hide that or rename it too
