-- A library of the application whose tracebacks are turned back into files and lines.
local lib = {}

function lib.raise(message)
  error(message)
end

function lib.deep(depth, action)
  if depth == 0 then
    return (action())
  end
  local result = lib.deep(depth - 1, action)
  return result
end

lib.class = {}
lib.class.__index = lib.class
function lib.class:method()
  local missing
  return missing.field
end

-- So many instructions that lines need absolute ones in between.
function lib.long(x)
  local t = {}
  t.a1 = x + 1 t.a2 = x + 2 t.a3 = x + 3 t.a4 = x + 4 t.a5 = x + 5 t.a6 = x + 6 t.a7 = x + 7 t.a8 = x + 8
  t.b1 = x + 1 t.b2 = x + 2 t.b3 = x + 3 t.b4 = x + 4 t.b5 = x + 5 t.b6 = x + 6 t.b7 = x + 7 t.b8 = x + 8
  t.c1 = x + 1 t.c2 = x + 2 t.c3 = x + 3 t.c4 = x + 4 t.c5 = x + 5 t.c6 = x + 6 t.c7 = x + 7 t.c8 = x + 8
  t.d1 = x + 1 t.d2 = x + 2 t.d3 = x + 3 t.d4 = x + 4 t.d5 = x + 5 t.d6 = x + 6 t.d7 = x + 7 t.d8 = x + 8
  t.e1 = x + 1 t.e2 = x + 2 t.e3 = x + 3 t.e4 = x + 4 t.e5 = x + 5 t.e6 = x + 6 t.e7 = x + 7 t.e8 = x + 8
  t.f1 = x + 1 t.f2 = x + 2 t.f3 = x + 3 t.f4 = x + 4 t.f5 = x + 5 t.f6 = x + 6 t.f7 = x + 7 t.f8 = x + 8



  t.g1 = x + 1 t.g2 = x + 2 t.g3 = x + 3 t.g4 = x + 4 t.g5 = x + 5 t.g6 = x + 6 t.g7 = x + 7 t.g8 = x + 8
  t.h1 = x + 1 t.h2 = x + 2 t.h3 = x + 3 t.h4 = x + 4 t.h5 = x + 5 t.h6 = x + 6 t.h7 = x + 7 t.h8 = x + 8
  return t.a1 ..
    t.nothing
end

return lib
