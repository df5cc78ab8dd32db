local function refused(v, want)
  local ok, msg = pcall(function() Memory.x = v end)
  assert(not ok and msg:find("Memory.x: cannot persist " .. want, 1, true), msg)
end
refused(string.gmatch("a", "a"), "a C function")
refused(coroutine.running(), "the main coroutine")
refused(io.stdout, "a userdata (FILE*)")
