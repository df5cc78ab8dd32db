(module
  (type (;0;) (func (param i32) (result i32)))
  (memory (;0;) 1)
  (func $first (;0;) (type 0) (param i32) (result i32)
    (local i32 i32 i64)
    local.get 0
    i32.load offset=12
    local.set 1
    local.get 1
    i64.load offset=16
    local.set 3
    local.get 1
    i32.load offset=24
    local.set 2
    local.get 2
    local.get 3
    i64.store offset=32
    local.get 1
    local.get 2
    i32.add
  )
  (func $second (;1;) (type 0) (param i32) (result i32)
    (local i32 i32 i64)
    local.get 0
    i32.load offset=12
    local.set 1
    local.get 1
    i64.load offset=16
    local.set 3
    local.get 1
    i32.load offset=24
    local.set 2
    local.get 2
    local.get 3
    i64.store offset=32
    local.get 1
    local.get 2
    i32.sub
  )
  (func $third (;2;) (type 0) (param i32) (result i32)
    (local i32 i32 i64)
    local.get 0
    i32.load offset=12
    local.set 1
    local.get 1
    i64.load offset=16
    local.set 3
    local.get 1
    i32.load offset=24
    local.set 2
    local.get 2
    local.get 3
    i64.store offset=32
    local.get 1
    local.get 2
    i32.mul
  )
  (func $unlike (;3;) (type 0) (param i32) (result i32)
    (local i32 i32 i64)
    local.get 0
    i32.load offset=12
    local.set 1
    local.get 1
    i64.load offset=16
    local.set 3
    local.get 1
    i32.load offset=24
    local.set 2
    local.get 2
    local.get 3
    i64.store offset=32
    local.get 1
    local.get 2
    i32.and
  )
)
