// coroutine.cpp
// Records of coroutines that nobody has written: positions, frames, variables and values that do not fit. Checksums stop
// none of them, since whoever writes such a record can compute one; so they stand here as the first release stored
// records, without.

#include "coroutine.h"

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "runtime.h"
#include "store.h"

namespace {

// A coroutine in a call (frame 1) in xpcall (frame 2) in a call (frame 3) whose variables are captured and to be closed;
// the last frame is coroutine.yield.
const char program[] = R"(
  local function closer() return setmetatable({}, {__close = function(_, e) if e == "yield" then coroutine.yield() end end}) end
  Memory.co = coroutine.create(function(...)
    local first, other = 1, 2
    local function inner(a, ...)
      local t <close> = closer()
      local u = {a}
      local function get() u[1] = u[1] + 1; return u, t end
      for i = 1, 3 do
        local c = i
        local function add() c = c + 1; return c end
        add(coroutine.yield(get()))
      end
      do local w <close> = closer(); local x = #u + other end
      return a, ...
    end
    local r = {xpcall(inner, function(m) return m end, ...)}
    other = first .. other
    return first, table.unpack(r)
  end)
  coroutine.resume(Memory.co, 10, 20, 30)
  Memory.wrap = coroutine.wrap(function() coroutine.yield() end)
)";

// What may be done with it.
const char use[] = R"(
  local function touch(name)
    local ok, co = pcall(function() return Memory[name] end)
    if not ok then return false end
    if type(co) == "thread" then
      debug.traceback(co)
      for level = 0, 6 do
        debug.getinfo(co, level, "nSlufrt")
        for i = -4, 30 do pcall(debug.getlocal, co, level, i) end
      end
      local n = MODE
      if n == 1 then coroutine.close(co) end
      for i = 1, 6 do
        if not coroutine.resume(co, i, {}) then break end
        collectgarbage(i % 2 == 0 and "step" or "collect")
      end
      coroutine.close(co)
    else
      for i = 1, 6 do if not pcall(co, i) then break end end
    end
    collectgarbage()
    return true
  end
  local accepted = touch("co")
  touch("wrap")
  Memory.co, Memory.wrap = nil, nil
  collectgarbage(); collectgarbage()
  assert(not (accepted and REFUSED), "it was taken for a coroutine")
)";

uint32_t u32(const std::string &s, size_t at) {
  uint32_t v = 0;
  if (at + 4 <= s.size()) memcpy(&v, &s[at], 4);
  return v;
}

std::string bytes(uint32_t v) { return std::string((const char *)&v, 4); }

size_t length(const std::string &s, size_t at) {
  switch ((unsigned char)s[at]) {
    case 0x00: return 1;
    case 0x01: return 2;
    case 0x02: case 0x03: return 9;
    case 0x04: return 5 + u32(s, at + 1);
    case 0x06: return 3;
    case 0x07: return 5;
    case 0x15: return 7 + u32(s, at + 3);
    default: return 6;
  }
}

struct Frame {
  int kind;
  uint32_t func;
  uint32_t hash, pc, extra, results;  // of Lua functions
  int status;                         // of library functions
};

const int LUA = 0, YIELD = 1, PCALL = 2, PAIRS = 3, DOFILE = 4, XPCALL = 5;

// The record in parts (docs/stored-format.md).
struct Record {
  std::string head;  // tag, version, Lua's version
  int status;
  uint32_t count, closed;  // as they stand there; right unless an attack says otherwise
  std::vector<std::string> slots;  // by index
  std::vector<uint32_t> tbc;
  std::vector<Frame> frames;
  std::string rest;

  explicit Record(const std::string &s) : head(s.substr(0, 3)), status(s[3]), count(u32(s, 4)), closed(u32(s, 8)) {
    size_t at = 12;
    slots.resize(count);
    for (uint32_t i = count - 1; i > 0; i--) {
      slots[i] = s.substr(at, length(s, at));
      at += slots[i].size();
    }
    for (uint32_t i = 0; i < closed; i++, at += 4) tbc.push_back(u32(s, at));
    while (at < s.size()) {
      Frame f{(unsigned char)s[at], u32(s, at + 1), 0, 0, 0, 0, 0};
      at += 5;
      if ((f.kind & 0x7f) == LUA) {
        f.hash = u32(s, at), f.pc = u32(s, at + 4), f.extra = u32(s, at + 8), f.results = u32(s, at + 12);
        at += 16;
      } else
        f.status = s[at++];
      frames.push_back(f);
    }
  }

  std::string text() const {
    std::string s = head + (char)status + bytes(count) + bytes(closed);
    for (size_t i = slots.size() - 1; i > 0; i--) s += slots[i];
    for (uint32_t i : tbc) s += bytes(i);
    for (const Frame &f : frames) {
      s += (char)f.kind + bytes(f.func);
      if ((f.kind & 0x7f) == LUA)
        s += bytes(f.hash) + bytes(f.pc) + bytes(f.extra) + bytes(f.results);
      else
        s += (char)f.status;
    }
    return s + rest;
  }

  Frame &inner() { return frames[2]; }

  // an open variable of the inner function, and one of the outer
  uint32_t open(bool outer) const {
    for (uint32_t i = frames[outer ? 0 : 2].func; i < count; i++)
      if (slots[i][0] == 0x11) return i;
    return 0;
  }
};

struct Attack {
  const char *name;
  std::function<void(Record &)> change;
};

const std::string number("\2\7\0\0\0\0\0\0\0", 9);
const std::string nil("\0", 1);

const Attack attacks[] = {
  {"position before the code", [](Record &r) { r.inner().pc = 0; }},
  {"position behind the code", [](Record &r) { r.inner().pc = 1000; }},
  {"position that overflows", [](Record &r) { r.inner().pc = 0xffffffff; }},
  {"position at an instruction that waits for nothing", [](Record &r) { r.inner().pc = 1; }},
  {"position of another call", [](Record &r) { r.inner().pc += 1; }},
  {"position of an earlier call", [](Record &r) { r.inner().pc -= 1; }},
  {"code of another compiler", [](Record &r) { r.inner().hash ^= 1; }},
  {"function that is a number", [](Record &r) { r.slots[r.inner().func] = number; }},
  {"library function where a Lua function has to be", [](Record &r) { r.slots[r.inner().func] = r.slots[r.frames[3].func]; }},
  {"library frame whose function is a number", [](Record &r) { r.slots[r.frames[1].func] = number; }},
  {"frame beyond the stack", [](Record &r) { r.frames[3].func = r.count; }},
  {"frame far beyond the stack", [](Record &r) { r.frames[3].func = 0x7fffffff; }},
  {"frame at the bottom", [](Record &r) { r.frames[0].func = 0; }},
  {"frames in the wrong order", [](Record &r) { std::swap(r.frames[1].func, r.inner().func); }},
  {"frame twice", [](Record &r) { r.frames.insert(r.frames.begin() + 2, r.inner()); }},
  {"frame left out", [](Record &r) { r.frames.erase(r.frames.begin() + 1); }},
  {"Lua frame left out", [](Record &r) { r.frames.erase(r.frames.begin() + 2); }},
  {"no yield at the end", [](Record &r) { r.frames.pop_back(); }},
  {"yield in the middle", [](Record &r) { r.frames[1].kind = YIELD; }},
  {"something behind the yield", [](Record &r) { r.frames.push_back(r.frames[3]); }},
  {"xpcall as pcall", [](Record &r) { r.frames[1].kind = PCALL; }},
  {"xpcall as pairs", [](Record &r) { r.frames[1].kind = PAIRS; }},
  {"xpcall as dofile", [](Record &r) { r.frames[1].kind = DOFILE; }},
  {"unknown kind of frame", [](Record &r) { r.frames[1].kind = 6; }},
  {"unknown flag of a frame", [](Record &r) { r.frames[1].kind |= 0x40; }},
  {"message handler that is none", [](Record &r) { r.slots[r.frames[1].func + 2] = number; }},
  {"error that is none", [](Record &r) { r.frames[1].status = 1; }},
  {"unknown error", [](Record &r) { r.frames[1].status = 9; }},
  {"error while the function still runs", [](Record &r) { r.frames[1].status = 2; }},
  {"error in a yield", [](Record &r) { r.frames[3].status = 2; }},
  {"more varargs than the stack has", [](Record &r) { r.inner().extra = 1000; }},
  {"varargs that overflow", [](Record &r) { r.inner().extra = 0x80000000; }},
  {"fewer varargs", [](Record &r) { r.inner().extra -= 1; }},
  {"one vararg more", [](Record &r) { r.inner().extra += 1; }},
  {"absurd number of results", [](Record &r) { r.inner().results = 0x7fffffff; }},
  {"absurd number of slots", [](Record &r) { r.count = 0x7fffffff; }},
  {"more slots than there are", [](Record &r) { r.count += 3; }},
  {"fewer slots than there are", [](Record &r) { r.count -= 3; }},
  {"no slots", [](Record &r) { r.count = 0; }},
  {"absurd number of variables to be closed", [](Record &r) { r.closed = 0x40000000; }},
  {"variable to be closed where there is none", [](Record &r) { r.tbc[0] = r.frames[0].func + 2; }},
  {"two variables to be closed where there is one", [](Record &r) { r.tbc.insert(r.tbc.begin(), r.tbc[0] + 1), r.closed++; }},
  {"variable to be closed twice", [](Record &r) { r.tbc.push_back(r.tbc[0]), r.closed++; }},
  {"variables to be closed from the bottom up", [](Record &r) { r.tbc.push_back(r.tbc[0] + 2), r.closed++; }},
  {"variable to be closed at the bottom", [](Record &r) { r.tbc[0] = 0; }},
  {"variable to be closed in a library function", [](Record &r) { r.tbc[0] = r.frames[1].func + 1; }},
  {"variable to be closed among the varargs", [](Record &r) { r.tbc[0] = r.inner().func - 1; }},
  {"variable to be closed beyond the stack", [](Record &r) { r.tbc[0] = r.count; }},
  {"variable to be closed far beyond the stack", [](Record &r) { r.tbc[0] = 0xfffffff0; }},
  {"open variable that nothing captures", [](Record &r) { std::swap(r.slots[r.inner().func + 1], r.slots[r.open(false)]); }},
  {"open variable in a library function", [](Record &r) { std::swap(r.slots[r.frames[1].func + 3], r.slots[r.open(false)]); }},
  {"open variable among the varargs", [](Record &r) { std::swap(r.slots[r.inner().func - 1], r.slots[r.open(false)]); }},
  {"variable that is open twice", [](Record &r) { r.slots[r.open(false)] = r.slots[r.open(true)]; }},
  {"open variable without a record", [](Record &r) { r.slots[r.open(false)] = std::string("\x11\1\0\0\0\0", 6); }},
  {"open variable that is a table", [](Record &r) { r.slots[r.open(false)] = std::string("\x11\1\1\0\0\0", 6); }},
  {"loop without numbers", [](Record &r) {
     for (uint32_t i = r.inner().func + 1; i < r.frames[3].func; i++)
       if (r.slots[i][0] == 2) r.slots[i] = nil;
   }},
  {"loop with one float", [](Record &r) {
     for (uint32_t i = r.inner().func + 2; i < r.frames[3].func; i++)  // (the first one is a parameter)
       if (r.slots[i][0] == 2) {
         r.slots[i][0] = 3;
         break;
       }
   }},
  {"failed, with frames", [](Record &r) { r.status = 2; }},
  {"not started, with frames", [](Record &r) { r.status = 0; }},
  {"not started, with open variables", [](Record &r) { r.status = 0, r.frames.clear(); }},
  {"failed, with nothing", [](Record &r) { r.status = 2, r.count = 1, r.closed = 0, r.slots.resize(1), r.tbc.clear(), r.frames.clear(); }},
  {"unknown status", [](Record &r) { r.status = 6, r.frames.clear(); }},
  {"suspended in nothing", [](Record &r) { r.frames.clear(); }},
  {"another version of Lua", [](Record &r) { r.head[2] ^= 1; }},
  {"unknown version of the record", [](Record &r) { r.head[1] = 7; }},
  {"something behind the end", [](Record &r) { r.rest = "x"; }},
};

// What the program may not notice, but has to survive: values of other types in variables.
const Attack tolerated[] = {
  {"all variables nil", [](Record &r) {
     for (uint32_t i = r.inner().func + 1; i < r.frames[3].func; i++)
       if (r.slots[i][0] != 0x11) r.slots[i] = nil;
   }},
  {"all variables the same table", [](Record &r) {
     for (uint32_t i = r.inner().func + 1; i < r.frames[3].func; i++)
       if (r.slots[i][0] != 0x11) r.slots[i] = std::string("\7\1\0\0\0", 5);
   }},
  {"failed, with variables to be closed", [](Record &r) { r.status = 2, r.frames.clear(); }},
};

std::string key;  // of the record, in table 0

// Sets the record and uses it.
bool survives(const std::string &name, const std::string &record, bool refused, int mode) {
  put(0, key, record);
  start();
  set_limits(50000000, 300000);
  std::string text = use;
  text.insert(0, std::string("local REFUSED, MODE = ") + (refused ? "true" : "false") + ", " + std::to_string(mode) + ";");
  int n = run(text);
  std::string error = n < 0 ? errorRecord() : "";
  drop();
  if (n >= 0 || (!refused && error.find("limit") != std::string::npos)) return true;
  std::cerr << name << ": " << error << "\n";
  return false;
}

uint64_t rnd() {
  static uint64_t state = 88172645463325252u;
  state ^= state << 13;
  state ^= state >> 7;
  return state ^= state << 17;
}

}  // namespace

bool checkCoroutines(int mutants) {
  store.clear();
  start();
  if (run(program) < 0) {
    std::cerr << errorRecord() << "\n";
    return false;
  }
  drop();
  for (auto &e : store[0].entries)
    if (e.first[0] == 0x17 && e.second.second.size() > 100) key = e.first;
  if (key.empty()) return false;
  std::string whole = store[0].entries[key].second;
  whole[1] = 1;
  whole.resize(whole.size() - 4);
  auto original = store;
  bool ok = Record(whole).text() == whole && Record(whole).frames.size() == 4 && Record(whole).tbc.size() == 1;
  if (!ok) std::cerr << "the record is not what this test takes apart\n";
  for (int mode : {0, 1}) {
    for (const Attack &a : attacks) {
      Record r(whole);
      a.change(r);
      store = original;
      ok = survives(a.name, r.text(), true, mode) && ok;
    }
    for (const Attack &a : tolerated) {
      Record r(whole);
      a.change(r);
      store = original;
      ok = survives(a.name, r.text(), false, mode) && ok;
    }
  }
  for (size_t n = 0; n < whole.size(); n++) {
    store = original;
    ok = survives("cut after " + std::to_string(n), whole.substr(0, n), true, 0) && ok;
  }
  for (int i = 0; i < mutants; i++) {
    std::string s = whole;
    for (int hits = 1 + (int)(rnd() % 2); hits > 0; hits--) {
      size_t at = 3 + rnd() % (s.size() - 3);
      switch (rnd() % 4) {
        case 0: s[at] ^= (char)(1 << rnd() % 8); break;
        case 1: s[at] = (char)(rnd() % 40); break;
        case 2: s[at] = (char)(s[at] + (rnd() % 2 ? 1 : -1)); break;
        case 3: s.erase(at, rnd() % 7); break;
      }
    }
    store = original;
    ok = survives("mutant " + std::to_string(i), s, false, i % 2) && ok;
  }
  store = original;
  ok = survives("the record itself", whole, false, 0) && ok;
  printf("%zu attacks and %d mutants on the record of a coroutine\n", sizeof(attacks) / sizeof(attacks[0]), mutants);
  return ok;
}
