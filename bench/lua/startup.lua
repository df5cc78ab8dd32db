-- Compile, instantiate, initialise, and the first chunk.
return "ready"
