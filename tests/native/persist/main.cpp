// main.cpp
// Native tests of persistence: programs of tests/persist (PROGRAM...), the exported functions (--exports), stores of earlier
// releases (--formats PROGRAM), memory that runs out (--shortage GRAPHS), records of coroutines that nobody has written
// (--coroutines MUTANTS), damaged stores and images (--mutants TOUCH), the corpus for those (--corpus PROGRAM OUT). With DUMP in
// the environment what programs leave in the store is printed.

#include <cstdio>
#include <cstdlib>
#include <string>

#include "coroutine.h"
#include "exports.h"
#include "formats.h"
#include "mutants.h"
#include "program.h"
#include "shortage.h"
#include "store.h"

int main(int argc, char **argv) {
  std::string what = argc > 1 ? argv[1] : "";
  bool ok = argc > 1;
  if (what == "--exports")
    ok = checkExports();
  else if (what == "--formats" && argc == 3)
    ok = checkFormats(argv[2]);
  else if (what == "--shortage" && argc == 3)
    ok = checkShortage(argv[2]);
  else if (what == "--coroutines" && argc == 3)
    ok = checkCoroutines(atoi(argv[2]));
  else if (what == "--mutants" && argc == 3)
    ok = runMutants(argv[2]);
  else if (what == "--corpus" && argc == 4)
    ok = writeCorpus(argv[2], argv[3]);
  else
    for (int i = 1; i < argc; i++) {
      ok = runProgram(argv[i]) && ok;
      if (getenv("DUMP")) dumpStore();
    }
  return ok ? 0 : 1;
}
