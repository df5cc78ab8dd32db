// reach.cpp
// What the stored bytes reach: docs/stored-format.md, read once more.

#include "reach.h"

#include <cstring>
#include <vector>

#include "store.h"

namespace {

uint32_t u32(const std::string &s, size_t at) {
  uint32_t v = 0;
  if (at + 4 <= s.size()) memcpy(&v, s.data() + at, 4);
  return v;
}

struct Walk {
  Reached seen;
  std::vector<std::pair<int, uint32_t>> todo;

  void add(int kind, uint32_t id) {
    if (seen.insert({kind, id}).second) todo.push_back({kind, id});
  }

  // Returns where the value ends.
  size_t value(const std::string &v, size_t at) {
    if (at >= v.size()) return v.size();
    int tag = (unsigned char)v[at];
    switch (tag) {
      case 0x00: return at + 1;
      case 0x01: return at + 2;
      case 0x02: case 0x03: return at + 9;
      case 0x06: return at + 3;
      case 0x04: case 0x05: return at + 5 + u32(v, at + 1);
      case 0x15: return at + 7 + u32(v, at + 3);
      case 0x07: add(0, u32(v, at + 1)); return at + 5;
      case 0x16: add(0, u32(v, at + 2)); return at + 6;
      case 0x10: case 0x11: case 0x17: case 0x18: add(tag, u32(v, at + 2)); return at + 6;
    }
    return v.size();
  }

  void object(int kind, uint32_t id) {
    if (kind == 0) {
      auto t = store.find(id);
      if (t == store.end()) return;
      for (auto &e : t->second.entries)
        value(e.second.second, !e.first.empty() && (unsigned char)e.first[0] == 0x14 ? 2 : 0);
      return;
    }
    std::string key(1, (char)kind);
    key.append((const char *)&id, 4);
    auto t = store.find(0);
    if (t == store.end() || t->second.entries.count(key) == 0) return;
    const std::string &v = t->second.entries[key].second;
    if (kind == 0x11 || kind == 0x18)
      value(v, 2);
    else if (kind == 0x17) {
      size_t at = 12;
      for (uint32_t slots = u32(v, 4); slots > 1; slots--) at = value(v, at);
    } else
      for (size_t at = 15; at + 4 <= v.size(); at += 4) add(0x11, u32(v, at));
  }
};

}  // namespace

Reached reachable(uint32_t root) {
  Walk w;
  w.add(0, root);
  while (!w.todo.empty()) {
    auto [kind, id] = w.todo.back();
    w.todo.pop_back();
    w.object(kind, id);
  }
  return w.seen;
}

int unreachable() {
  Reached seen = reachable(1);
  int n = 0;
  for (auto &t : store)
    if (t.first != 0 && !seen.count({0, t.first})) n++;
  for (auto &e : store[0].entries) {
    int tag = e.first.empty() ? 0 : (unsigned char)e.first[0];
    if ((tag == 0x10 || tag == 0x11 || tag == 0x17 || tag == 0x18) && !seen.count({tag, u32(e.first, 1)})) n++;
  }
  return n;
}
