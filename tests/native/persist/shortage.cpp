// shortage.cpp
// Memory that runs out in the midst of work on stored tables: allocation by allocation.

#include "shortage.h"

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

#include "runtime.h"
#include "store.h"

namespace {

// What every operation finds. Table 50 has an entry that can't be read.
const char base[] = R"(
  local n = 0
  Memory.list = {1, 2.5, "three", {4, {5}}}
  Memory.counter = function() n = n + 1; return n end
  Memory.reset = function() n = 0 end
  Memory.object = setmetatable({x = 1}, {__index = {m = function(self) return self.x end}})
  Memory.self = Memory
  Memory.print = print
  Memory.weak = setmetatable({{}, "kept"}, {__mode = "v"})
  Memory.handle = ext.table()
  Memory.handle.a, Memory.handle.b = {1}, "b"
  ext.permanent("thing", thing)
  Memory.named = thing
  Memory.gen = coroutine.wrap(function(...)
    local t <close> = setmetatable({}, {__close = function() end})
    for i = 1, 9 do local n = i; local function f() n = n + 1; return n end; pcall(coroutine.yield, f(), ...) end
  end)
  Memory.gen("a", {"b"})
)";

struct Operation {
  const char *name;
  const char *before;  // a chunk that runs while there is memory
  const char *chunk;   // the one that runs while there is not
  void (*after)();     // what comes behind it, still without
};

void callExports() {
  flush();
  int n = serialize_table(1);
  if (n > 0) {
    std::string image((const char *)get_buffer_ptr(), (size_t)n);
    uint32_t id = deserialize_table((const unsigned char *)image.data(), image.size());
    if (id != 0) attach_memory_table(id);
  }
  ext_table_new();
}

void callCollect() { collect_tables(nullptr, 0); }

void attachDamaged() {
  if (attach_memory_table(50) == 0) {
    run("for k, v in pairs(Memory) do end");
    run("Memory.good.x = Memory.bad");
    run("Memory.bad = {1}; return Memory.bad[1]");
    attach_memory_table(1);
  }
}

const Operation operations[] = {
  {"reading", "", "return describe(Memory)", nullptr},
  {"using", "", "Memory.counter(); Memory.reset(); Memory.counter(); Memory.gen(); return Memory.object:m(), #Memory.list", nullptr},
  {"promoting", "",
   "local a = {}; for i = 1, 5 do a = {a, i, f = function() a = i; return a end} end;"
   "Memory.new = setmetatable(a, {__index = a}); Memory.list[4] = load('return 1, ...')", nullptr},
  {"writing", "Memory.list[1] = {}",
   "for i = 1, 20 do Memory.list[i] = i end; Memory.object.x = nil; Memory.counter();"
   "setmetatable(Memory.object, nil); rawset(Memory, 1, {Memory.list}); table.sort(Memory.list);"
   "debug.setupvalue(Memory.counter, 1, {1}); debug.upvaluejoin(Memory.counter, 1, Memory.reset, 1);"
   "local open = {}; Memory.open = function() return open end; ext.flush(); open = {open}", nullptr},
  {"refusing", "",
   "local ok, e = pcall(function() Memory.list[9] = {a = {[1.5] = {string.gmatch('', '')}}} end);"
   "assert(not ok and (e:find('%[9%].a%[1.5%]%[1%]: cannot persist a C function') or e == 'not enough memory'), e);"
   "pcall(rawset, Memory, {}, 1); pcall(setmetatable, Memory, {__gc = string.gmatch('', '')})", nullptr},
  {"coroutines", "",
   "local up; local co = coroutine.create(function(...) local v <const> = {...}; up = function() return v end;"
   "for i = 1, 3 do coroutine.yield(v, i) end end); coroutine.resume(co, 1, {2}); Memory.co = {co, up};"
   "coroutine.resume(co); ext.flush(); coroutine.resume(co); Memory.gen = nil", nullptr},
  {"handles", "",
   "local h = Memory.handle; h.c = {h.a, h.b}; h.b = nil; h[1] = function() return h end;"
   "for k, v in pairs(h) do h[k] = v end; local n = ext.table(); n.x = n; Memory.second = n; return #h", nullptr},
  {"weak", "assert(Memory.weak[2])", "collectgarbage(); Memory.weak[3] = {}; collectgarbage()", nullptr},
  {"permanents", "assert(Memory.named == thing)", "ext.permanent('other', thing); ext.permanent('thing', {}); Memory.now = thing;"
   "ext.permanent('thing', thing); ext.permanent('more', function() end)", nullptr},
  {"exports", "describe(Memory); Memory.more = {{}}", "Memory.list[4] = nil", callExports},
  {"dropping", "kept = {Memory.object, Memory.list}; kept[2][4].y = {}", "Memory.object, Memory.list = nil", callCollect},
  {"damage", "", "return Memory.list", attachDamaged},
};

std::string graphs;

// The description of what is in memory; whatever it is, it has to be there wholly.
std::string described() {
  int n = run("return describe(Memory)");
  return std::string((const char *)get_buffer_ptr(), (size_t)(n < 0 ? -n - 1 : n));
}

void begin() {
  start();
  if (run("thing = {}; ext.permanent('thing', thing)") < 0 || run(graphs) < 0) {
    std::cerr << errorRecord() << "\n";
    exit(2);
  }
}

// True if the flush goes through, and a new instance finds what is in memory.
bool isSame(const std::string &where) {
  if (flush() < 0) {
    std::cerr << where << ": flush failed: " << errorRecord() << "\n";
    return false;
  }
  uint32_t id = get_memory_table_id();
  std::string here = described();
  begin();
  if (attach_memory_table(id) != 0) {
    std::cerr << where << ": does not attach\n";
    return false;
  }
  std::string there = described();
  if (here == there) return true;
  std::cerr << where << ": in memory\n" << here << "\nstored\n" << there << "\n";
  return false;
}

bool sweep(const Operation &op, bool single, const std::map<uint32_t, StoredTable> &original) {
  for (unsigned long long n = 1;; n++) {
    std::string where = std::string(op.name) + ", allocation " + std::to_string(n) + (single ? "" : " and later");
    store = original;
    begin();
    if (run(op.before) < 0) {
      std::cerr << where << ": before it: " << errorRecord() << "\n";
      return false;
    }
    alloc_count = 0;
    alloc_fail_from = n;
    alloc_fail_to = single ? n : UINT64_MAX;
    int status = run(op.chunk);
    std::string record = errorRecord();
    if (op.after) op.after();
    alloc_fail_from = alloc_fail_to = 0;
    bool failing = alloc_count >= n;
    if (status < 0 && (!failing || record.find("not enough memory") == std::string::npos)) {
      std::cerr << where << ": " << record << "\n";
      return false;
    }
    if (!isSame(where)) return false;
    if (!failing) return true;
  }
}

// init, with the allocations failing one by one
bool sweepInit() {
  for (unsigned long long n = 1;; n++) {
    drop();
    alloc_count = 0;
    alloc_fail_from = n;
    alloc_fail_to = UINT64_MAX;
    int status = init();
    alloc_fail_from = alloc_fail_to = 0;
    if (alloc_count < n) return status == 0;
    if (status == 0 && run("Memory.x = 1") < 0) {
      std::cerr << "init, allocation " << n << " and later: " << errorRecord() << "\n";
      return false;
    }
  }
}

}  // namespace

bool checkShortage(const char *path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  graphs = text.str();
  store.clear();
  begin();
  if (run(base) < 0) {
    std::cerr << errorRecord() << "\n";
    return false;
  }
  drop();
  put(50, std::string("\4\3\0\0\0bad", 8), std::string("\4\377\0\0\0", 5));
  put(50, std::string("\4\4\0\0\0good", 9), store[1].entries[std::string("\4\4\0\0\0list", 9)].second);
  std::map<uint32_t, StoredTable> original = store;
  bool ok = sweepInit();
  for (const Operation &op : operations)
    for (bool single : {true, false})
      if (!sweep(op, single, original)) ok = false;
  drop();
  return ok;
}
