local function refused(v, want)
  local ok, msg = pcall(function() Memory.x = v end)
  assert(not ok and msg:find("Memory.x: cannot persist " .. want, 1, true), msg)
end
refused(coroutine.wrap(print), "a C function")
refused(string.gmatch("a", "a"), "a C function")
refused(coroutine.create(print), "a thread")
refused(io.stdout, "a userdata (FILE*)")
