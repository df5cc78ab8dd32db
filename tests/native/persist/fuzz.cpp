// fuzz.cpp
// Damages what a program has stored, at random, and then touches all of it: errors are fine, anything else is not.

#include "fuzz.h"

#include <cstring>
#include <iostream>
#include <iterator>
#include <string>

#include "program.h"
#include "runtime.h"
#include "store.h"

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
    if (t == "table" or t == "function" or t == "userdata" or t == "thread") and not seen[v] and v ~= _G and v ~= package.loaded then
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
    elseif type(v) == "thread" then
      pcall(debug.traceback, v)
      for i = 1, 5 do pcall(function() add((select(2, debug.getlocal(v, 1, i)))) end) end
      for i = 1, 3 do pcall(coroutine.resume, v, i) end
      if n % 3 == 0 then pcall(coroutine.close, v) end
    elseif type(v) == "userdata" then
      pcall(function() for k, x in pairs(v) do add(x) end; v.x = 1 end)
    end
    if n % 50 == 0 then pcall(ext.flush) end
  end
  return Memory
)";

bool fuzz(const char *path, int n) {
  if (!runProgram(path)) return false;
  bool ok = true;
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
    start();
    set_limits(200000000, 300000);
    if (rnd() % 3 == 0) serialize_table(1);
    run(walkAll);
    get_last_error();
    flush();
    int len = serialize_table(1);
    if (len > 0) {
      std::string image((const char *)get_buffer_ptr(), (size_t)len);
      for (int k = 0; k < 4; k++) {
        if (k > 0) mutate(image);
        uint32_t id = deserialize_table((const unsigned char *)image.data(), image.size());
        if (k == 0 && id == 0) {
          std::cerr << path << ": mutant " << i << ": its own image is refused: " << errorRecord() << "\n";
          ok = false;
        }
        if (id != 0 && attach_memory_table(id) == 0) run(walkAll);
      }
    }
    collect_tables(nullptr, 0);
    run(walkAll);
    drop();
  }
  return ok;
}
