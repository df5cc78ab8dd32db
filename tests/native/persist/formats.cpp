// formats.cpp
// Stores that earlier releases, newer ones and other versions of Lua left, and what damage to sealed values does.

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

// Tables and their entries.
using Entries = std::map<uint32_t, std::map<std::string, std::string>>;

static Entries entries() {
  Entries found;
  for (auto &table : store)
    for (auto &entry : table.second.entries) found[table.first][entry.first] = entry.second.second;
  return found;
}

// Values that are sealed, but for the counter, which is not needed.
static bool isSealed(const std::string &value) {
  return value.size() >= 7 && value[0] >= 0x10 && value[0] != 0x13 && value[1] == 2;
}

// The program must not take damaged values for whole ones.
static bool refusesDamage(const std::string &program) {
  int damaged = 0;
  auto whole = store;
  for (auto &table : whole)
    for (auto &entry : table.second.entries) {
      const std::string &value = entry.second.second;
      if (!isSealed(value)) continue;
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

// Looks at everything, and raises the one error that there has to be.
static const char lookProgram[] = R"(
  local seen, errors = {}, {}
  local function try (f, ...)
    local ok, v = pcall(f, ...)
    if not ok then errors[v] = true end
    return v
  end
  local function index (t, k) return t[k] end
  for _, k in ipairs {"name", "pi", "big", "yes", "list", "add", "get", "box", "sin", "lib", "global", "handle", "loop", "named",
                      "count", "generator", "wrapped"} do
    try(index, Memory, k)
  end
  for _, k in ipairs {"key", "f", "own"} do try(function () return Memory.handle[k] end) end
  try(function () return Memory.box.area end)
  local all = {}
  for message in pairs(errors) do all[#all + 1] = message end
  table.sort(all)
  assert(Memory.name == "fixture\0\255" and Memory.pi == 3.5 and Memory.big == math.mininteger and Memory.list[3][1] == 3)
  error(table.concat(all, "\n"), 0))";

// What is said of a store whose values can't all be read; empty where the rest is not as it was.
static std::string look() {
  Entries before = entries();
  start();
  std::string said = run(lookProgram) < 0 ? errorRecord() : "nothing";
  drop();
  if (entries() == before) return said;
  std::cerr << "looking has changed the store\n";
  return "";
}

// Values of a newer version are refused, whatever their kind, by an error that says so and names a key. The rest is there, and
// what was refused stays as it is.
static bool refusesNewer() {
  std::set<int> kinds;
  auto whole = store;
  for (auto &table : whole)
    for (auto &entry : table.second.entries) {
      std::string value = entry.second.second;
      if (!isSealed(value)) continue;
      kinds.insert(value[0]);
      value.resize(value.size() - 4);
      value[1] = 3;
      store = whole;
      store[table.first].entries[entry.first].second = seal(value);
      std::string said = look();
      if (said.find("unknown version (of a newer release?)") == std::string::npos || said.find("Memory") == std::string::npos) {
        std::cerr << "a value of kind " << (int)value[0] << " and version 3: " << said << "\n";
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
       errorRecord().find("unknown version (of a newer release?)") != std::string::npos;
  if (!ok) std::cerr << "an image of a newer version is not refused as one: " << errorRecord() << "\n";
  drop();
  printf("newer values of %zu kinds were refused, and newer images\n", kinds.size());
  return ok && kinds == std::set<int>{0x10, 0x11, 0x12, 0x14, 0x15, 0x16, 0x17, 0x18};
}

// Ids that a newer version's counter says are taken are not given again.
static bool heedsNewerCounter() {
  const uint32_t next = 5000;
  auto whole = store;
  std::string bytes;
  for (int i = 0; i < 4; i++) bytes += (char)(next >> 8 * i);
  auto found = store[0].entries.find(std::string(1, 0x13));
  if (found == store[0].entries.end()) return false;
  found->second.second = std::string("\x13\x03", 2) + seal(bytes) + "more";
  bool ok = runs("Memory.new = {1}") && store.count(next) == 1;
  if (!ok) std::cerr << "a counter of a newer version is not heeded\n";
  store = whole;
  return ok;
}

// A coroutine that another version of Lua left is refused by an error that says so and names its key, and stays as it is.
static bool refusesOther(const std::string &file) {
  loadStore(file.c_str());
  std::string said = look();
  for (const char *key : {"Memory.generator", "Memory.wrapped"})
    if (said.find(std::string(key) + ": it was suspended under another version of Lua") == std::string::npos) {
      std::cerr << file << ": " << said << "\n";
      return false;
    }
  return true;
}

bool checkFormats(const char *path) {
  std::string program = text(path);
  std::string folder(path);
  folder.resize(folder.rfind('/') + 1);
  // With a version of Lua in its name, a store has coroutines.
  const std::string own = MW_LUA == 54 ? "-5.4" : "-5.5", other = MW_LUA == 54 ? "-5.5" : "-5.4";
  int n = 1;
  std::string file;
  for (;; n++) {
    std::string next = folder + std::to_string(n);
    next += text(next + ".store").empty() ? own + ".store" : ".store";
    if (text(next).empty()) break;
    file = next;
    loadStore(file.c_str());
    if (!runs(program) || !runs("Memory.list[4] = Memory.add") || !runs(program)) {
      std::cerr << "format " << n << " is not read\n";
      return false;
    }
  }
  loadStore(file.c_str());
  return n > 3 && refusesDamage(program) && refusesNewer() && heedsNewerCounter() &&
         refusesOther(folder + std::to_string(n - 1) + other + ".store");
}
