// mutants.cpp
// Damaged stores and images: errors are fine, anything else is not.

#include "mutants.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "program.h"
#include "runtime.h"
#include "store.h"

namespace {

struct Entry {
  uint32_t table;
  std::string key, value;
};

// What a mutant may use.
const unsigned heap = 64u << 20;
const int64_t instructions = 60000;

uint32_t u32() {
  uint32_t v = 0;
  std::cin.read((char *)&v, 4);
  return v;
}

std::string text() {
  std::string s(u32(), 0);
  std::cin.read(&s[0], (long)s.size());
  return s;
}

bool fail(unsigned long n, const std::string &what) {
  std::cerr << "mutant " << n << ": " << what << "\n";
  return false;
}

// The program over what is stored, and what it says of what must not change.
bool touch(const std::string &program, unsigned long n) {
  set_limits(heap, instructions);
  if (run(program) >= 0) return true;
  std::string error = errorRecord();
  if (error.find("has changed") != std::string::npos) return fail(n, error);
  return true;
}

bool one(const std::string &program, unsigned long n, const std::vector<Entry> &witnesses, const std::string &image) {
  start();
  if (!image.empty()) {
    uint32_t id = deserialize_table((const unsigned char *)image.data(), image.size());
    if (id != 0) {
      for (auto &w : witnesses) put(w.table == 1 ? id : w.table, w.key, w.value);
      attach_memory_table(id);
    }
  }
  if (!touch(program, n)) return false;
  set_limits(0, 0);
  flush();
  int length = serialize_table(get_memory_table_id());
  if (length > 0) {
    std::string own((const char *)get_buffer_ptr(), (size_t)length);
    if (deserialize_table((const unsigned char *)own.data(), own.size()) == 0)
      return fail(n, "its own image is refused: " + errorRecord());
  }
  collect_tables(nullptr, 0);
  if (!touch(program, n)) return false;
  uint32_t memory = get_memory_table_id();
  drop();
  for (auto &w : witnesses) {
    auto t = store.find(w.table == 1 ? memory : w.table);
    if (t == store.end() || !t->second.entries.count(w.key) || t->second.entries[w.key].second != w.value)
      return fail(n, "a stored key that nobody touched is lost or another one");
  }
  return true;
}

}  // namespace

bool runMutants(const char *path) {
  std::ifstream in(path, std::ios::binary);
  std::string program((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  unsigned long n = 0, images = 0;
  bool ok = !program.empty();
  // for each: number of entries, how many of them at the end are witnesses, the entries, an image
  for (uint32_t count = u32(); std::cin; count = u32()) {
    uint32_t kept = u32();
    std::vector<Entry> witnesses;
    store.clear();
    for (uint32_t i = 0; i < count; i++) {
      Entry e = {u32(), text(), text()};
      if (i >= count - kept) witnesses.push_back(e);
      put(e.table, e.key, e.value);
    }
    std::string image = text();
    if (!std::cin) return fail(n, "is truncated");
    images += !image.empty();
    ok = one(program, n, witnesses, image) && ok;
    n++;
  }
  printf("%lu mutants, %lu of them images\n", n, images);
  return ok && n > 0;
}

bool writeCorpus(const char *program, const char *out) {
  std::ifstream in(program, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  store.clear();
  start();
  if (run(text) < 0) {
    std::cerr << program << ": " << errorRecord() << "\n";
    return false;
  }
  flush();
  saveStore((std::string(out) + ".store").c_str());
  int length = serialize_table(get_memory_table_id());
  if (length <= 0) return false;
  std::ofstream image(std::string(out) + ".image", std::ios::binary);
  image.write((const char *)get_buffer_ptr(), length);
  drop();
  return (bool)image.flush();
}
