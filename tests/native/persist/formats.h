// formats.h
// Stores that earlier releases left.

#ifndef PERSIST_FORMATS_H
#define PERSIST_FORMATS_H

// Runs a program over each store beside it (N.store, or N-VERSION.store with this version of Lua; N = 1, 2...), twice: what one
// instance leaves the next has to read. Over the last one it runs with each byte of each sealed value damaged, too: it has to
// fail. Values of newer versions, and coroutines of the other version of Lua, are refused, and the rest stays as it is. False
// if anything is not so.
bool checkFormats(const char *program);

#endif
