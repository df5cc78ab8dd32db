// shortage.h
// Memory that runs out in the midst of work on stored tables.

#ifndef PERSIST_SHORTAGE_H
#define PERSIST_SHORTAGE_H

// Runs each operation again and again, with allocation 1, 2, 3... failing, until none of its allocations is left to
// fail; once that one alone, once all from there on. True if each time an error came of it at worst, and memory and
// store were the same after the next flush; else what went wrong goes to stderr. 'graphs' is the file of that name in
// tests/persist/with.
bool checkShortage(const char *graphs);

#endif
