// formats.cpp
// Stores that earlier releases left, and what damage to sealed values does.

#include "formats.h"

#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

#include "runtime.h"
#include "store.h"

static std::string text(const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream all;
  all << in.rdbuf();
  return all.str();
}

// The program in a new instance; true if it ran to its end.
static bool runs(const std::string &program) {
  start();
  bool ok = run(program) >= 0;
  if (!ok) std::cerr << errorRecord().substr(0, 200) << "\n";
  drop();
  return ok;
}

// The program must not take damaged values for whole ones.
static bool refusesDamage(const std::string &program) {
  int damaged = 0;
  auto whole = store;
  for (auto &table : whole)
    for (auto &entry : table.second.entries) {
      const std::string &value = entry.second.second;
      if (value.size() < 7 || value[0] < 0x10 || value[0] == 0x13 || value[1] != 2) continue;
      for (size_t i = 2; i < value.size(); i++) {
        store = whole;
        store[table.first].entries[entry.first].second[i] ^= 4;
        start();
        bool ok = run(program) >= 0;
        drop();
        damaged++;
        if (ok) {
          fprintf(stderr, "table %u: byte %zu of a value of %zu was damaged, and nobody noticed\n", table.first, i,
                  value.size());
          return false;
        }
      }
    }
  store = whole;
  printf("%d damaged values were refused\n", damaged);
  return damaged > 100;
}

bool checkFormats(const char *path) {
  std::string program = text(path);
  std::string folder(path);
  folder.resize(folder.rfind('/') + 1);
  int n = 1;
  for (;; n++) {
    std::string file = folder + std::to_string(n) + ".store";
    if (text(file).empty()) break;
    loadStore(file.c_str());
    if (!runs(program) || !runs("Memory.list[4] = Memory.add") || !runs(program)) {
      std::cerr << "format " << n << " is not read\n";
      return false;
    }
  }
  loadStore((folder + std::to_string(n - 1) + ".store").c_str());
  return n > 2 && refusesDamage(program);
}
