// store.cpp
// A host's store, and the imports that reach it.

#include "store.h"

#include <cstdio>
#include <cstring>
#include <fstream>
#include <sys/time.h>

std::map<uint32_t, StoredTable> store;
unsigned long sizeCalls;

static uint64_t counter, randomState;
static unsigned failOneIn;

void failWrites(unsigned oneIn, uint64_t seed) {
  failOneIn = oneIn;
  randomState = seed;
}

static bool fails() {
  if (failOneIn == 0) return false;
  randomState += 0x9E3779B97F4A7C15u;
  uint64_t z = randomState;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return (z ^ (z >> 31)) % failOneIn == 0;
}

void put(uint32_t id, const std::string &key, const std::string &value) {
  StoredTable &t = store[id];
  auto [it, fresh] = t.entries.try_emplace(key);
  if (fresh) t.order[it->second.first = ++counter] = key;
  it->second.second = value;
}

size_t countTables() {
  size_t n = 0;
  for (auto &t : store) n += t.first != 0 && !t.second.entries.empty();
  return n;
}

extern "C" {
double js_time_now(void) {
  timeval t;
  gettimeofday(&t, nullptr);
  return t.tv_sec * 1000.0 + t.tv_usec / 1000;
}

int js_ext_table_set(unsigned id, const void *key, unsigned klen, const void *val, unsigned vlen) {
  if (fails()) return -1;
  put(id, std::string((const char *)key, klen), std::string((const char *)val, vlen));
  return 0;
}

int js_ext_table_get(unsigned id, const void *key, unsigned klen, void *val, unsigned max) {
  auto t = store.find(id);
  if (t == store.end()) return -1;
  auto it = t->second.entries.find(std::string((const char *)key, klen));
  if (it == t->second.entries.end()) return -1;
  const std::string &v = it->second.second;
  if (max > 0) memcpy(val, v.data(), v.size() < max ? v.size() : max);
  return (int)v.size();
}

int js_ext_table_delete(unsigned id, const void *key, unsigned klen) {
  if (fails()) return -1;
  auto t = store.find(id);
  if (t == store.end()) return 0;
  auto it = t->second.entries.find(std::string((const char *)key, klen));
  if (it == t->second.entries.end()) return 0;
  t->second.order.erase(it->second.first);
  t->second.entries.erase(it);
  if (t->second.entries.empty()) store.erase(t);
  return 0;
}

int js_ext_table_size(unsigned id) {
  sizeCalls++;
  auto t = store.find(id);
  return t == store.end() ? 0 : (int)t->second.entries.size();
}

int js_ext_table_keys(unsigned id, void *buf, unsigned max) {
  std::string out;
  auto word = [&](uint32_t n) { out.append((const char *)&n, 4); };
  word((uint32_t)js_ext_table_size(id));
  auto t = store.find(id);
  if (t != store.end())
    for (auto &o : t->second.order) {
      word((uint32_t)o.second.size());
      out += o.second;
    }
  if (max > 0) memcpy(buf, out.data(), out.size() < max ? out.size() : max);
  return (int)out.size();
}

int js_ext_table_drop(unsigned id) {
  if (fails()) return -1;
  store.erase(id);
  return 0;
}
}

void loadStore(const char *file) {
  std::ifstream in(file, std::ios::binary);
  auto u32 = [&] { uint32_t v = 0; in.read((char *)&v, 4); return v; };
  store.clear();
  uint32_t id, n;
  while (id = u32(), n = u32(), in) {
    while (n-- > 0) {
      std::string k(u32(), 0);
      in.read(&k[0], (long)k.size());
      std::string v(u32(), 0);
      in.read(&v[0], (long)v.size());
      put(id, k, v);
    }
  }
}

void saveStore(const char *file) {
  std::ofstream out(file, std::ios::binary);
  auto u32 = [&](size_t v) { uint32_t w = (uint32_t)v; out.write((char *)&w, 4); };
  for (auto &t : store) {
    u32(t.first);
    u32(t.second.order.size());
    for (auto &o : t.second.order) {
      const std::string &v = t.second.entries[o.second].second;
      u32(o.second.size());
      out << o.second;
      u32(v.size());
      out << v;
    }
  }
}

void dumpStore() {
  auto show = [](const std::string &s) {
    for (unsigned char c : s.substr(0, 100)) printf(c >= 32 && c < 127 ? "%c" : "\\%02x", c);
  };
  for (auto &t : store) {
    printf("table %u\n", t.first);
    for (auto &o : t.second.order) {
      printf("  ");
      show(o.second);
      printf(" = ");
      show(t.second.entries[o.second].second);
      printf("\n");
    }
  }
}
