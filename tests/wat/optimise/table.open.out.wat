(module
  (type (;0;) (func (param i32) (result i32)))
  (table (;0;) 4 funcref)
  (export "table" (table 0))
  (export "scan" (func 0))
  (func (;0;) (type 0) (param i32) (result i32)
    local.get 0
    local.get 0
    call_indirect (type 0)
  )
)
