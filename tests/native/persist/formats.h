// formats.h
// Stores that earlier releases left.

#ifndef PERSIST_FORMATS_H
#define PERSIST_FORMATS_H

// Runs a program over each store N.store beside it, N = 1, 2..., twice: what one instance leaves the next has to read. Then
// with each byte of each sealed value damaged: it has to fail. False if anything is not so.
bool checkFormats(const char *program);

#endif
