// exports.h
// The exported functions that deal with stored tables.

#ifndef PERSIST_EXPORTS_H
#define PERSIST_EXPORTS_H

// True if they do as they should; else what they do not goes to stderr.
bool checkExports();

#endif
