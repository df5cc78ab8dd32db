;; error: `comput`: no function has this name; near: `compute`, `compile`
;; error: `zzz`: no function has this name
;; error: `run_gc`: no function has this name; near: `run_gcc`
;; error: `junks`: cannot be hidden, it is not exported; near: `junk`
