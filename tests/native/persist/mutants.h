// mutants.h
// Damaged stores and images, and the corpus that they are made from.

#ifndef PERSIST_MUTANTS_H
#define PERSIST_MUTANTS_H

// Reads mutants from the standard input, as the crate moonwright-mutants makes them, and touches all of each by the program
// in the file `touch`; prints how many there were. False if one did harm that is no crash.
bool runMutants(const char *touch);

// Runs the program of a file and writes what it left to OUT.store, and as an image to OUT.image.
bool writeCorpus(const char *program, const char *out);

#endif
