-- a C iterator that never ends
for k in string.gmatch(("a"):rep(100), "") do
  for _ in rawlen, "x" do end
end
