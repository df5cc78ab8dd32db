// program.h
// Programs of tests/persist.

#ifndef PERSIST_PROGRAM_H
#define PERSIST_PROGRAM_H

// Runs a program; true if all is as it says, else what is not goes to stderr.
bool runProgram(const char *path);

#endif
