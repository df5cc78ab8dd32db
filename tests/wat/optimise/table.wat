;; A host may put functions into an exported table: then a call may come back although no function of the module fits.
;; run closed: { goal = "size" }
;; run open: { goal = "size", open_tables = true }
(module
  (type $scan (func (param i32) (result i32)))
  (table (export "table") 4 funcref)
  (func (export "scan") (param i32) (result i32)
    local.get 0
    local.get 0
    call_indirect (type $scan)))
