Memory.flush, Memory.table, Memory.permanent = ext.flush, ext.table, ext.permanent
--- restart
assert(Memory.flush == ext.flush and Memory.table == ext.table and Memory.permanent == ext.permanent)
