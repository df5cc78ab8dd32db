::top:: do local x = {} end goto top
