// fuzz.h
// Damaged stores.

#ifndef PERSIST_FUZZ_H
#define PERSIST_FUZZ_H

// Runs a program, and then opens and touches n damaged copies of what it left; false if an image that the runtime made
// of one of them was refused by it. (What else may go wrong ends the process.)
bool fuzz(const char *path, int n);

#endif
