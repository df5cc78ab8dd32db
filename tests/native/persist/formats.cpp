// formats.cpp
// Stores that earlier releases left, and what damage to sealed values does.

#include "formats.h"

#include <cstdio>
#include <fstream>
#include <iostream>
#include <set>
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

// The low half of the 64-bit FNV-1a hash: what seals a value.
static std::string seal(const std::string &value) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (unsigned char byte : value) hash = (hash ^ byte) * 0x100000001b3u;
  std::string check(4, 0);
  for (int i = 0; i < 4; i++) check[(size_t)i] = (char)(hash >> 8 * i);
  return value + check;
}

// Values of a newer version are refused, whatever their kind, with a message that says what could not be read.
static bool refusesNewer(const std::string &program) {
  std::set<int> kinds;
  auto whole = store;
  for (auto &table : whole)
    for (auto &entry : table.second.entries) {
      const std::string &value = entry.second.second;
      if (value.size() < 7 || value[0] < 0x10 || value[0] == 0x13 || value[1] != 2) continue;
      std::string newer = value.substr(0, value.size() - 4);
      newer[1] = 3;
      store = whole;
      store[table.first].entries[entry.first].second = seal(newer);
      start();
      bool ok = run(program) >= 0;
      std::string error = errorRecord();
      drop();
      kinds.insert(value[0]);
      // What a function is made of has records of its own: the function names those.
      bool told = error.find("unknown version") != std::string::npos ||
                  (table.first == 0 && (error.find("missing or damaged") != std::string::npos ||
                                        error.find("bad upvalue") != std::string::npos));
      if (ok || !told) {
        std::cerr << "a value of kind " << (int)value[0] << " and version 3: " << (ok ? "accepted" : error) << "\n";
        return false;
      }
    }
  store = whole;
  start();
  run("return Memory");
  int length = serialize_table(1);
  std::string image((const char *)get_buffer_ptr(), length < 4 ? 0 : (size_t)length);
  bool ok = !image.empty() && deserialize_table((const unsigned char *)image.data(), image.size()) != 0;
  if (ok) image[3]++;
  ok = ok && deserialize_table((const unsigned char *)image.data(), image.size()) == 0 &&
       errorRecord().find("not one of this version") != std::string::npos;
  if (!ok) std::cerr << "an image of a newer version is not refused as one\n";
  drop();
  printf("newer values of %zu kinds were refused\n", kinds.size());
  return ok && kinds == std::set<int>{0x10, 0x11, 0x12, 0x14, 0x15, 0x16};
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
  return n > 2 && refusesDamage(program) && refusesNewer(program);
}
