;; valid
