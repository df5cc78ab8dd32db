/*
** native.c
** Runs a Lua program in PUC-Rio Lua as compiled for this machine, several
** times in one state, and prints times and memory as JSON
*/

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lua.h"
#include "lauxlib.h"
#include "lualib.h"


/* how often the host calls Lua in `host_calls_lua` */
#define CALLS	200000

/* bytes that Lua has, and the most that it had */
typedef struct Heap {
  size_t used;
  size_t peak;
} Heap;


static double now (void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}


/* as luaL_newstate has it, and counts */
static void *counted (void *ud, void *block, size_t osize, size_t nsize) {
  Heap *heap = (Heap *)ud;
  void *newblock = NULL;
  if (block == NULL)
    osize = 0;
  if (nsize == 0)
    free(block);
  else if ((newblock = realloc(block, nsize)) == NULL)
    return NULL;
  heap->used += nsize - osize;
  if (heap->used > heap->peak)
    heap->peak = heap->used;
  return newblock;
}


static int host_add (lua_State *L) {
  lua_pushnumber(L, lua_tonumber(L, 1) + lua_tonumber(L, 2));
  return 1;
}


static void check (lua_State *L, int status) {
  if (status != LUA_OK) {
    fprintf(stderr, "%s\n", lua_tostring(L, -1));
    exit(1);
  }
}


static void callfunction (lua_State *L) {
  lua_Integer sum = 0;
  int i;
  for (i = 1; i <= CALLS; i++) {
    lua_pushvalue(L, 1);
    lua_pushnumber(L, (lua_Number)sum);
    lua_pushnumber(L, (lua_Number)i);
    check(L, lua_pcall(L, 2, 1, 0));
    sum = (lua_Integer)lua_tonumber(L, -1) % 1000;
    lua_pop(L, 1);
  }
  lua_pushinteger(L, sum);
}


int main (int argc, char **argv) {
  double begun = now();
  double started;
  int i, runs, calls, memory;
  Heap heap = {0, 0};
  lua_State *L;
  if (argc != 4) {
    fprintf(stderr, "usage: %s FILE.lua MODE RUNS\n", argv[0]);
    return 2;
  }
  /* counting costs time: only where memory is what is measured */
  memory = strcmp(argv[2], "memory") == 0;
  calls = strcmp(argv[2], "host_calls_lua") == 0;
  L = memory ? lua_newstate(counted, &heap) : luaL_newstate();
  if (L == NULL)
    return 2;
  luaL_openlibs(L);
  lua_register(L, "host_add", host_add);
  started = now();
  runs = atoi(argv[3]);
  if (calls) {
    check(L, luaL_loadfile(L, argv[1]));
    check(L, lua_pcall(L, 0, 0, 0));
    lua_getglobal(L, "add");
  }
  printf("{\"startup\": %.3f, \"runs\": [", started - begun);
  for (i = 0; i < runs; i++) {
    double before = now();
    lua_settop(L, calls);
    if (calls)
      callfunction(L);
    else {
      check(L, luaL_loadfile(L, argv[1]));
      check(L, lua_pcall(L, 0, 1, 0));
    }
    printf("%s%.3f", i > 0 ? ", " : "", now() - before);
  }
  printf("], \"result\": \"%s\"", luaL_tolstring(L, -1, NULL));
  if (memory) {
    size_t peak = heap.peak;
    lua_settop(L, 0);
    lua_gc(L, LUA_GCCOLLECT);
    printf(", \"heap\": %zu, \"peak\": %zu", heap.used, peak);
  }
  printf("}\n");
  lua_close(L);
  return 0;
}
