// coroutine.h
// Records of coroutines that nobody has written.

#ifndef PERSIST_COROUTINE_H
#define PERSIST_COROUTINE_H

// Attacks on the record of a stored coroutine, each by its name, then so many random ones; errors are fine, anything else
// is not.
bool checkCoroutines(int mutants);

#endif
