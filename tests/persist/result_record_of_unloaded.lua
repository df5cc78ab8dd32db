Memory.t = {1, {2}}
--- restart
return Memory
