// runtime.cpp
// Instances of the runtime, one at a time.

#include "runtime.h"

#include <cstdlib>
#include <iostream>

extern "C" {
#include "lua.h"

#include "memory.h"

extern lua_State *mw_L;
}

void drop() {
  if (mw_L == nullptr) return;
  lua_close(mw_L);
  mw_memory_close();
  mw_L = nullptr;
}

void start() {
  drop();
  if (init() != 0) {
    std::cerr << "init failed\n";
    exit(2);
  }
}

std::string errorRecord() {
  int n = get_last_error();
  return n <= 0 ? std::string() : std::string((const char *)get_buffer_ptr(), (size_t)n);
}

int run(const std::string &text) { return compute(text.data(), text.size()); }
