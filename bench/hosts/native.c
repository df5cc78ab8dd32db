/*
** native.c
** Runs a Lua program in PUC-Rio Lua as compiled for this machine, several
** times in one state, and prints the times as JSON
*/

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "lua.h"
#include "lauxlib.h"
#include "lualib.h"


static double now (void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}


int main (int argc, char **argv) {
  double begun = now();
  double started;
  int i, runs;
  lua_State *L = luaL_newstate();
  if (argc != 3 || L == NULL) {
    fprintf(stderr, "usage: %s FILE.lua RUNS\n", argv[0]);
    return 2;
  }
  luaL_openlibs(L);
  started = now();
  runs = atoi(argv[2]);
  printf("{\"startup\": %.3f, \"runs\": [", started - begun);
  for (i = 0; i < runs; i++) {
    double before = now();
    lua_settop(L, 0);
    if (luaL_loadfile(L, argv[1]) != LUA_OK || lua_pcall(L, 0, 1, 0) != LUA_OK) {
      fprintf(stderr, "%s\n", lua_tostring(L, -1));
      return 1;
    }
    printf("%s%.3f", i > 0 ? ", " : "", now() - before);
  }
  printf("], \"result\": \"%s\"}\n", luaL_tolstring(L, -1, NULL));
  lua_close(L);
  return 0;
}
