// exports.cpp
// The exported functions that deal with stored tables, step by step.

#include "exports.h"

#include <cstdio>
#include <cstring>
#include <string>

#include "reach.h"
#include "runtime.h"
#include "store.h"

static int failed;

#define CHECK(c) ((c) ? (void)0 : (void)(failed++, fprintf(stderr, "line %d: %s\n", __LINE__, #c)))

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

bool checkExports() {
  store.clear();
  start();
  CHECK(get_memory_table_id() == 1);
  CHECK(flush() == 0);
  CHECK(run("Memory.a = 1; Memory.old = {}") >= 0);
  CHECK(flush() == 0);
  // what is attached: another table, an unknown one, none
  CHECK(attach_memory_table(0) == -1 && errorRecord().find("persist") != std::string::npos);
  CHECK(get_memory_table_id() == 1);
  CHECK(run("old = Memory") >= 0);
  CHECK(attach_memory_table(77) == 0 && get_memory_table_id() == 77 && errorRecord().empty());
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
    CHECK(!errorRecord().empty());
  }
  uint32_t copy = deserialize_table((const unsigned char *)image.data(), image.size());
  CHECK(copy != 0 && errorRecord().empty());
  CHECK(attach_memory_table(copy) == 0);
  CHECK(run("local i = Memory.img; assert(i.self == i and i.m == 5 and i.f() == 2 and Memory.n3[2][1] == 2)") >= 0);
  CHECK(attach_memory_table(1) == 0 && run("assert(Memory.img.f() == 2)") >= 0);
  store.clear();  // into another store altogether
  start();
  copy = deserialize_table((const unsigned char *)image.data(), image.size());
  CHECK(copy != 0 && attach_memory_table(copy) == 0);
  CHECK(run("assert(Memory.img.f() == 2)") >= 0);
  failWrites(2, 1);
  auto reached = [] { return reachable(get_memory_table_id()).size(); };
  size_t had = reached();
  for (int i = 0; i < 20; i++) {
    deserialize_table((const unsigned char *)image.data(), image.size());
    CHECK(reached() == had);
  }
  failWrites(0, 1);
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
  CHECK(unreachable() == 0);
  // a store that fails
  failWrites(1, 1);
  CHECK(run("Memory.q = 1") < 0 && errorRecord().find("persist") != std::string::npos);
  CHECK(flush() == -1 && errorRecord().find("Memory.q") != std::string::npos);
  failWrites(0, 1);
  CHECK(flush() == 1 && flush() == 0);
  // an id that says that there are very many makes no collection take long: each goes on where the last one has stopped
  store.clear();
  put(1, key("far"), tableRef((1u << 22) + 5));
  put(3, key("lost"), std::string("\1\1", 2));
  start();
  CHECK(run("assert(next(Memory.far) == nil)") >= 0);
  unsigned long asked = sizeCalls;
  CHECK(collect_tables(nullptr, 0) == 0 && sizeCalls - asked < (1u << 22) + 100);
  CHECK(collect_tables(nullptr, 0) == 1 && store.count(3) == 0);
  CHECK(run("Memory.new = {}") >= 0 && run("Memory.new = nil") >= 0);
  drop();
  return failed == 0;
}
