// persist.cpp
// Runs the programs of tests/persist natively: one process, a map in place of a host's store, a fresh Lua state for
// each section of a program. For sanitizers, assertions and random failures of the store. See tests/native/README.md.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <unordered_map>
#include <vector>
#include <sys/time.h>

extern "C" {
#include "lua.h"
int init(void);
int compute(const char *s, size_t l);
unsigned char *get_buffer_ptr(void);
int flush(void);
int get_last_error(void);
int attach_memory_table(uint32_t id);
int collect_tables(const unsigned char *ids, size_t n);
int serialize_table(uint32_t id);
uint32_t deserialize_table(const unsigned char *p, size_t n);
void run_gc(void);
void mw_memory_close(void);
void set_chunk_name(const char *s, size_t l);
void set_limits(unsigned heap, int64_t instructions);
extern lua_State *mw_L;
}

// ---- the host's store ------------------------------------------------------------------------------------------

struct Table {
  std::unordered_map<std::string, std::pair<uint64_t, std::string>> entries;
  std::map<uint64_t, std::string> order;
};

static std::map<uint32_t, Table> store;
static uint64_t counter, randomState;
static unsigned failOneIn;
static uint64_t sets, deletes, gets;

static bool fails() {
  if (failOneIn == 0) return false;
  randomState += 0x9E3779B97F4A7C15u;
  uint64_t z = randomState;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return (z ^ (z >> 31)) % failOneIn == 0;
}

extern "C" {
double js_time_now(void) {
  timeval t;
  gettimeofday(&t, nullptr);
  return t.tv_sec * 1000.0 + t.tv_usec / 1000;
}
int js_ext_table_set(unsigned id, const void *key, unsigned klen, const void *val, unsigned vlen) {
  if (fails()) return -1;
  sets++;
  std::string k((const char *)key, klen);
  Table &t = store[id];
  auto it = t.entries.find(k);
  if (it == t.entries.end()) {
    t.order[++counter] = k;
    t.entries[k] = {counter, std::string((const char *)val, vlen)};
  } else
    it->second.second.assign((const char *)val, vlen);
  return 0;
}
int js_ext_table_get(unsigned id, const void *key, unsigned klen, void *val, unsigned max) {
  gets++;
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
  deletes++;
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
  auto t = store.find(id);
  return t == store.end() ? 0 : (int)t->second.entries.size();
}
int js_ext_table_keys(unsigned id, void *buf, unsigned max) {
  std::string out;
  auto put = [&](uint32_t n) { out.append((const char *)&n, 4); };
  put((uint32_t)js_ext_table_size(id));
  auto t = store.find(id);
  if (t != store.end())
    for (auto &o : t->second.order) {
      put((uint32_t)o.second.size());
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

// ---- programs --------------------------------------------------------------------------------------------------

// What of a host's API programs may use: the global 'host' (see tests/persist/README.md) cannot be offered by all
// hosts, so programs that need it say so with '--- directives'.
static std::string message() {
  int n = get_last_error();
  return n <= 0 ? std::string() : std::string((const char *)get_buffer_ptr(), (size_t)n);
}

static void drop() {
  if (mw_L != nullptr) {
    lua_close(mw_L);
    mw_memory_close();
    mw_L = nullptr;
  }
}

static std::string directive(const std::string &text, const std::string &name, bool *there) {
  std::string mark = "--- " + name;
  std::istringstream in(text);
  std::string line;
  while (std::getline(in, line))
    if (line.compare(0, mark.size(), mark) == 0) {
      *there = true;
      size_t at = line.find(':');
      if (at == std::string::npos) return "";
      at++;
      while (at < line.size() && line[at] == ' ') at++;
      return line.substr(at);
    }
  *there = false;
  return "";
}

static int runSection(const std::string &name, const std::string &text, int number) {
  bool there;
  std::string fault = directive(text, "fail-writes", &there);
  if (init() != 0) {
    std::cerr << name << ": init failed\n";
    return 1;
  }
  if (there) {
    std::istringstream in(fault);
    in >> failOneIn >> randomState;
  }
  std::string chunk = "@" + name + "#" + std::to_string(number);
  set_chunk_name(chunk.data(), chunk.size());
  int n = compute(text.data(), text.size());
  std::string out((const char *)get_buffer_ptr(), (size_t)(n >= 0 ? n : -n - 1));
  failOneIn = 0;
  int bad = 0;
  bool expectsError;
  std::string want = directive(text, "expect-error", &expectsError);
  std::string kind = directive(text, "expect-kind", &there);
  if (expectsError) {
    if (n >= 0) {
      std::cerr << chunk << ": succeeded, expected an error with '" << want << "'\n";
      bad = 1;
    } else if (out.find(want) == std::string::npos) {
      std::cerr << chunk << ": failed with '" << out << "', expected '" << want << "'\n";
      bad = 1;
    }
    if (there && message().find(kind) == std::string::npos) {
      std::cerr << chunk << ": error record lacks kind " << kind << "\n";
      bad = 1;
    }
  } else if (n < 0) {
    std::cerr << chunk << ": " << out << "\n";
    bad = 1;
  } else if (getenv("VERBOSE")) {
    uint32_t l;
    memcpy(&l, out.data(), 4);
    std::cout << out.substr(4, l);
  }
  if (directive(text, "collect", &there), there && !bad && collect_tables(nullptr, 0) < 0) {
    std::cerr << chunk << ": collect_tables failed: " << message() << "\n";
    bad = 1;
  }
  return bad;
}

static int runFile(const char *path) {
  std::ifstream in(path);
  std::string line, section;
  std::vector<std::string> sections;
  std::string name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
  bool there;
  while (std::getline(in, line)) {
    if (line.compare(0, 11, "--- restart") == 0) {
      sections.push_back(section);
      section.clear();
    } else
      section += line + "\n";
  }
  sections.push_back(section);
  std::string only = directive(sections[0], "lua", &there);
  if (there && only != LUA_VERSION_MAJOR "." LUA_VERSION_MINOR) return 0;
  store.clear();
  for (size_t i = 0; i < sections.size(); i++) {
    int bad = runSection(name, sections[i], (int)i + 1);
    drop();
    if (bad) return 1;
  }
  return 0;
}

static void dump() {
  for (auto &t : store) {
    printf("table %u\n", t.first);
    for (auto &o : t.second.order) {
      auto show = [](const std::string &s) {
        for (unsigned char c : s.substr(0, 100)) printf(c >= 32 && c < 127 ? "%c" : "\\%02x", c);
      };
      printf("  ");
      show(o.second);
      printf(" = ");
      show(t.second.entries[o.second].second);
      printf("\n");
    }
  }
}

int main(int argc, char **argv) {
  int bad = 0, n = 0;
  for (int i = 1; i < argc; i++) {
    bad += runFile(argv[i]);
    n++;
    if (getenv("DUMP")) dump();
  }
  printf("%d programs, %d failed\n", n, bad);
  return bad != 0;
}
