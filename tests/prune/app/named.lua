#!/usr/bin/env lua
-- What is named stays: globals, fields, methods of strings.
print(math.floor(2.5), ("x"):rep(3))
print(string["format"]("%d", 1), #table.concat({1, 2}, ","))
-- io.read() is not: this is no code
return "os.time()"
