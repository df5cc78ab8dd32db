Memory.u = {n = 1}
Memory.u.n = 2
Memory.u.deep = {er = {est = "x"}}
Memory.u.deep.er.est = "y"
--- restart
assert(Memory.u.n == 2 and Memory.u.deep.er.est == "y")
Memory.u.deep.er.more = {1, 2, 3}
--- restart
assert(Memory.u.deep.er.more[3] == 3)
