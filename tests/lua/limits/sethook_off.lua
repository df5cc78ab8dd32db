while true do debug.sethook() end
