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
uint32_t get_memory_table_id(void);
uint32_t ext_table_new(void);
void sync_external_table_counter(uint32_t next);
int collect_tables(const unsigned char *ids, size_t n);
int serialize_table(uint32_t id);
uint32_t deserialize_table(const unsigned char *p, size_t n);
void run_gc(void);
void mw_memory_close(void);
void set_chunk_name(const char *s, size_t l);
void set_limits(unsigned heap, int64_t instructions);
extern lua_State *mw_L;
extern unsigned int alloc_fail_one_in;
extern unsigned long long alloc_random;
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

// What the root reaches, found by reading the stored bytes here, apart from the runtime's own code.
struct Reach {
  std::map<std::pair<int, uint32_t>, bool> seen;  // kind (0 table, 0x10 function, 0x11 cell), id
  std::vector<std::pair<int, uint32_t>> todo;
  static uint32_t u32(const std::string &s, size_t at) {
    uint32_t v = 0;
    if (at + 4 <= s.size()) memcpy(&v, s.data() + at, 4);
    return v;
  }
  void add(int kind, uint32_t id) {
    if (!seen[{kind, id}]) {
      seen[{kind, id}] = true;
      todo.push_back({kind, id});
    }
  }
  void value(const std::string &v, size_t at = 0) {
    switch ((unsigned char)v[at]) {
      case 0x07: add(0, u32(v, at + 1)); break;
      case 0x10: add(0x10, u32(v, at + 2)); break;
      case 0x16: add(0, u32(v, at + 2)); break;
    }
  }
  void run() {
    while (!todo.empty()) {
      auto [kind, id] = todo.back();
      todo.pop_back();
      if (kind == 0) {
        for (auto &e : store[id].entries) value(e.second.second, (unsigned char)e.first[0] == 0x14 ? 2 : 0);
        if (store[id].entries.empty()) store.erase(id);
        continue;
      }
      std::string key(1, (char)kind);
      key.append((const char *)&id, 4);
      const std::string &v = store[0].entries[key].second;
      if (kind == 0x11)
        value(v, 2);
      else
        for (unsigned i = 0; i < (unsigned char)v[14]; i++) add(0x11, u32(v, 15 + 4 * i));
    }
  }
};

static int inexact(const std::string &chunk) {
  Reach r;
  int bad = 0;
  r.add(0, 1);
  r.run();
  for (auto &t : store)
    if (t.first != 0 && !r.seen[{0, t.first}]) bad++;
  for (auto &e : store[0].entries) {
    int tag = (unsigned char)e.first[0];
    if ((tag == 0x10 || tag == 0x11) && !r.seen[{tag, Reach::u32(e.first, 1)}]) bad++;
  }
  if (bad) std::cerr << chunk << ": collect_tables left " << bad << " unreachable\n";
  return bad != 0;
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
  std::string shortage = directive(text, "fail-memory", &there);
  if (there) {
    std::istringstream in(shortage);
    in >> alloc_fail_one_in >> alloc_random;
  }
  std::string chunk = "@" + name + "#" + std::to_string(number);
  set_chunk_name(chunk.data(), chunk.size());
  int n = compute(text.data(), text.size());
  std::string out((const char *)get_buffer_ptr(), (size_t)(n >= 0 ? n : -n - 1));
  failOneIn = 0;
  alloc_fail_one_in = 0;
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
  } else if (bool may; directive(text, "may-fail", &may), n < 0 && !may) {
    std::cerr << chunk << ": " << out << "\n";
    bad = 1;
  } else if (n >= 0 && getenv("VERBOSE")) {
    uint32_t l;
    memcpy(&l, out.data(), 4);
    std::cout << out.substr(4, l);
  }
  if (directive(text, "collect", &there), there && !bad && collect_tables(nullptr, 0) < 0) {
    std::cerr << chunk << ": collect_tables failed: " << message() << "\n";
    bad = 1;
  } else if (there && !bad)
    bad = inexact(chunk);
  return bad;
}

// With STORE=FILE in the environment the store comes from that file and goes back there, and only the section with the
// number SECTION runs: for stores that another build wrote.
static void loadStore(const char *file) {
  std::ifstream in(file, std::ios::binary);
  auto u32 = [&] { uint32_t v = 0; in.read((char *)&v, 4); return v; };
  store.clear();
  uint32_t id, n;
  while (id = u32(), n = u32(), in) {
    Table &t = store[id];
    while (n-- > 0) {
      std::string k(u32(), 0);
      in.read(&k[0], (long)k.size());
      std::string v(u32(), 0);
      in.read(&v[0], (long)v.size());
      t.order[++counter] = k;
      t.entries[k] = {counter, v};
    }
  }
}

static void saveStore(const char *file) {
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
  if (const char *file = getenv("STORE")) {
    size_t number = (size_t)atoi(getenv("SECTION"));
    if (number > sections.size()) return 0;
    if (number > 1) loadStore(file);
    int bad = runSection(name, sections[number - 1], (int)number);
    drop();
    saveStore(file);
    return bad;
  }
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

// ---- mutated stores --------------------------------------------------------------------------------------------

static uint64_t rnd() {
  static uint64_t state = 88172645463325252u;
  state ^= state << 13;
  state ^= state >> 7;
  return state ^= state << 17;
}

static void mutate(std::string &s) {
  switch (rnd() % 6) {
    case 0: if (!s.empty()) s[rnd() % s.size()] ^= (char)(1 << rnd() % 8); break;
    case 1: if (!s.empty()) s[rnd() % s.size()] = (char)rnd(); break;
    case 2: s.resize(rnd() % (s.size() + 1)); break;
    case 3: s.insert(s.begin() + (long)(rnd() % (s.size() + 1)), (char)(rnd() % 24)); break;
    case 4: if (s.size() >= 4) { uint32_t v = (uint32_t)rnd() % 40; memcpy(&s[rnd() % (s.size() - 3)], &v, 4); } break;
    case 5: if (s.size() >= 4) { uint32_t v = (uint32_t)rnd(); memcpy(&s[rnd() % (s.size() - 3)], &v, 4); } break;
  }
}

static const char walkAll[] = R"(
  local seen, n = {}, 0
  local queue = {Memory}
  local function add(v)
    local t = type(v)
    if (t == "table" or t == "function" or t == "userdata") and not seen[v] and v ~= _G and v ~= package.loaded then
      seen[v] = true; queue[#queue + 1] = v
    end
  end
  while n < #queue and n < 3000 do
    n = n + 1
    local v = queue[n]
    if type(v) == "table" then
      pcall(function() for k, x in next, v do add(x) end end)
      pcall(function() for k, x in pairs(v) do add(x) end end)
      pcall(function() add(debug.getmetatable(v)) end)
      for _, k in ipairs{1, "a", "b", "x", "n", "foo", true} do pcall(function() add(v[k]) end) end
      pcall(function() return #v, v == {}, v < v, v .. v, v(1), -v, tostring(v) end)
      pcall(rawlen, v)
      pcall(function() v[1] = n; v.mutant = {n} end)
      pcall(rawset, v, 2, n)
      if n % 7 == 0 then pcall(setmetatable, v, {}) end
    elseif type(v) == "function" and debug.getinfo(v, "S").what == "Lua" then
      pcall(v, 1, 2)
      for u = 1, 5 do add((select(2, debug.getupvalue(v, u)))) end
    elseif type(v) == "userdata" then
      pcall(function() for k, x in pairs(v) do add(x) end; v.x = 1 end)
    end
    if n % 50 == 0 then pcall(ext.flush) end
  end
  return Memory
)";

static void fuzz(const char *path, int n) {
  if (runFile(path)) return;
  auto original = store;
  for (int i = 0; i < n; i++) {
    store = original;
    int hits = 1 + (int)(rnd() % 3);
    while (hits-- > 0) {
      auto t = store.begin();
      std::advance(t, (long)(rnd() % store.size()));
      if (t->second.entries.empty()) continue;
      auto o = t->second.order.begin();
      std::advance(o, (long)(rnd() % t->second.order.size()));
      auto e = t->second.entries[o->second];
      if (rnd() % 4 == 0) {
        std::string key = o->second;
        mutate(key);
        if (t->second.entries.count(key)) continue;
        t->second.entries.erase(o->second);
        t->second.entries[key] = e;
        o->second = key;
      } else
        mutate(t->second.entries[o->second].second);
    }
    if (init() != 0) abort();
    set_limits(200000000, 3000000);
    if (rnd() % 3 == 0) serialize_table(1);
    compute(walkAll, sizeof(walkAll) - 1);
    get_last_error();
    flush();
    int len = serialize_table(1);
    if (len > 0) {
      std::string image((const char *)get_buffer_ptr(), (size_t)len);
      for (int k = 0; k < 4; k++) {
        if (k > 0) mutate(image);
        uint32_t id = deserialize_table((const unsigned char *)image.data(), image.size());
        if (k == 0 && id == 0) {
          std::string m = message();
          for (char &c : m) c = c < 32 ? '.' : c;
          printf("unchanged image refused: %s\n", m.c_str());
        }
        if (id != 0 && attach_memory_table(id) == 0) compute(walkAll, sizeof(walkAll) - 1);
      }
    }
    collect_tables(nullptr, 0);
    compute(walkAll, sizeof(walkAll) - 1);
    drop();
  }
  printf("%s: %d mutants\n", path, n);
}

// ---- the exported functions ------------------------------------------------------------------------------------

static int apiBad;

#define CHECK(c) ((c) ? (void)0 : (void)(apiBad++, printf("line %d: %s\n", __LINE__, #c)))

static int run(const std::string &text) { return compute(text.data(), text.size()); }

static std::string key(const char *s) {
  std::string k(1, 4);
  uint32_t l = (uint32_t)strlen(s);
  k.append((const char *)&l, 4);
  return k + s;
}

static std::string tableRef(uint32_t id) {
  std::string v(1, 7);
  return v.append((const char *)&id, 4);
}

static void put(uint32_t id, const std::string &k, const std::string &v) {
  js_ext_table_set(id, k.data(), (unsigned)k.size(), v.data(), (unsigned)v.size());
}

static void start() {
  drop();
  CHECK(init() == 0);
}

static void api() {
  store.clear();
  start();
  CHECK(get_memory_table_id() == 1);
  CHECK(flush() == 0);
  CHECK(run("Memory.a = 1; Memory.old = {}") >= 0);
  CHECK(flush() == 0);
  // what is attached: another table, an unknown one, none
  CHECK(attach_memory_table(0) == -1 && message().find("persist") != std::string::npos);
  CHECK(get_memory_table_id() == 1);
  CHECK(run("old = Memory") >= 0);
  CHECK(attach_memory_table(77) == 0 && get_memory_table_id() == 77 && message().empty());
  CHECK(run("assert(next(Memory) == nil and Memory ~= old and old.a == 1); Memory.b = 2; old.c = {3}") >= 0);
  start();
  CHECK(run("assert(Memory.a == 1 and Memory.c[1] == 3 and Memory.b == nil)") >= 0);
  CHECK(attach_memory_table(77) == 0);
  CHECK(run("assert(Memory.b == 2)") >= 0);
  CHECK(attach_memory_table(0xFFFFFFF0u) == 0);
  CHECK(run("Memory.x = {1}") >= 0);
  uint32_t id = ext_table_new();
  CHECK(id > 77 && id < 1000);
  CHECK(attach_memory_table(id) == 0 && run("Memory.own = 1") >= 0);
  start();
  CHECK(attach_memory_table(0xFFFFFFF0u) == 0 && run("assert(Memory.x[1] == 1)") >= 0);
  CHECK(attach_memory_table(id) == 0 && run("assert(Memory.own == 1)") >= 0);
  CHECK(ext_table_new() > id);
  sync_external_table_counter(5000);
  CHECK(ext_table_new() == 5000);
  sync_external_table_counter(10);
  CHECK(ext_table_new() == 5001);
  // a host's own tables, and no counter: new ids lie above all that can be reached
  store.clear();
  put(1, key("t"), tableRef(40));
  put(40, key("u"), tableRef(300));
  put(300, key("v"), tableRef(200));
  start();
  CHECK(run("Memory.new = {1}") >= 0);
  CHECK(store.count(301) == 1);
  CHECK(run("assert(next(Memory.t.u.v) == nil)") >= 0);
  // a counter that is too low for what a host wrote
  put(1, key("h"), tableRef(9000));
  put(9000, key("i"), tableRef(9500));
  put(9500, key("x"), std::string("\1\1", 2));
  start();
  CHECK(run("local h = Memory.h; Memory.n1 = {1}; Memory.n2 = {2}; assert(h.i.x == true)") >= 0);
  CHECK(store.count(9501) == 1 && store[9500].entries.size() == 1);
  // a damaged counter
  std::string counterKey(1, 0x13);
  for (const char *bad : {"", "\x13", "\x13\1abcdefgh", "\x14\1abcdefgh"}) {
    put(0, counterKey, bad);
    start();
    CHECK(run("Memory.n3 = {1, {2}}") >= 0);
    start();
    CHECK(run("assert(Memory.n3[2][1] == 2 and Memory.n2[1] == 2 and Memory.h.i.x == true)") >= 0);
  }
  // plain data does not need table 0
  CHECK(run("Memory.f = function() end") >= 0);
  store.erase(0);
  start();
  CHECK(run("assert(Memory.n3[2][1] == 2); assert(not pcall(function() return Memory.f end)); Memory.f = nil") >= 0);
  start();
  CHECK(run("assert(Memory.f == nil and Memory.n3[2][1] == 2)") >= 0);
  // images
  CHECK(run("local n = 0; Memory.img = setmetatable({f = function() n = n + 1; return n end, s = {}}, {__index = {m = 5}});"
            "Memory.img.self = Memory.img; Memory.img.f()") >= 0);
  id = ext_table_new();
  CHECK(attach_memory_table(id) == 0 && run("Memory.only = 1") >= 0);
  CHECK(attach_memory_table(1) == 0);
  CHECK(serialize_table(0) == -1);
  int n = serialize_table(1);
  CHECK(n > 0);
  std::string image((const char *)get_buffer_ptr(), (size_t)n);
  auto before = store;
  for (size_t cut = 0; cut < image.size(); cut += 1 + cut / 20) {
    CHECK(deserialize_table((const unsigned char *)image.data(), cut) == 0);
    CHECK(!message().empty());
  }
  uint32_t copy = deserialize_table((const unsigned char *)image.data(), image.size());
  CHECK(copy != 0 && message().empty());
  CHECK(attach_memory_table(copy) == 0);
  CHECK(run("local i = Memory.img; assert(i.self == i and i.m == 5 and i.f() == 2 and Memory.n3[2][1] == 2)") >= 0);
  CHECK(attach_memory_table(1) == 0 && run("assert(Memory.img.f() == 2)") >= 0);
  store.clear();  // into another store altogether
  start();
  copy = deserialize_table((const unsigned char *)image.data(), image.size());
  CHECK(copy != 0 && attach_memory_table(copy) == 0);
  CHECK(run("assert(Memory.img.f() == 2)") >= 0);
  failOneIn = 2;
  auto reachable = [] { Reach r; r.add(0, get_memory_table_id()); r.run(); return r.seen.size(); };
  size_t had = reachable();
  for (int i = 0; i < 20; i++) {
    deserialize_table((const unsigned char *)image.data(), image.size());
    CHECK(reachable() == had);
  }
  failOneIn = 0;
  // collecting
  store.clear();
  start();
  CHECK(run("Memory.a = {{}, {1}}; Memory.b = {2}; local b = Memory.b; Memory.f = function() return b end") >= 0);
  CHECK(collect_tables(nullptr, 0) == 0);
  CHECK(run("kept = Memory.a; Memory.a = nil") >= 0);
  CHECK(collect_tables(nullptr, 0) == 2);
  CHECK(run("assert(kept[2][1] == 1); kept.x = io.stdout; kept.x = nil; Memory.again = kept") >= 0);
  start();
  CHECK(run("assert(Memory.again[2][1] == 1 and Memory.f()[1] == 2 and Memory.f() == Memory.b)") >= 0);
  id = ext_table_new();
  CHECK(attach_memory_table(id) == 0 && run("Memory.x = {1}") >= 0 && attach_memory_table(1) == 0);
  unsigned char root[4];
  memcpy(root, &id, 4);
  CHECK(collect_tables(root, 1) == 0);
  CHECK(collect_tables(nullptr, 0) == 2);
  CHECK(run("Memory.b, Memory.f = nil, nil") >= 0 && collect_tables(nullptr, 0) == 1);
  CHECK(inexact("api") == 0);
  // a store that fails
  failOneIn = 1;
  CHECK(run("Memory.q = 1") < 0 && message().find("persist") != std::string::npos);
  CHECK(flush() == -1 && message().find("Memory.q") != std::string::npos);
  failOneIn = 0;
  CHECK(flush() == 1 && flush() == 0);
  drop();
  printf("api: %d failed\n", apiBad);
}

int main(int argc, char **argv) {
  int bad = 0, n = 0;
  if (argc > 1 && !strcmp(argv[1], "--api")) {
    api();
    return apiBad != 0;
  }
  if (argc > 3 && !strcmp(argv[1], "--fuzz")) {
    for (int i = 3; i < argc; i++) fuzz(argv[i], atoi(argv[2]));
    return 0;
  }
  for (int i = 1; i < argc; i++) {
    bad += runFile(argv[i]);
    n++;
    if (getenv("DUMP")) dump();
  }
  printf("%d programs, %d failed\n", n, bad);
  return bad != 0;
}
