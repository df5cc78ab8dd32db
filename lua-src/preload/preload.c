/*
** preload.c
** Modules that contain a state of Lua, which the toolchain has run up to a
** point (docs/pipeline.md, "A state in the module"): how it gets there, and
** how each instance makes it its own
*/

#include <string.h>

#include "lua.h"

#include "lauxlib.h"
#include "lualib.h"

#include "lgc.h"
#include "lobject.h"
#include "lstate.h"
#include "lstring.h"
#include "ltable.h"

#include "abi.h"
#include "buffer.h"
#include "imports.h"
#include "memory.h"
#include "output.h"
#include "seed.h"


/* is this the state from the module, before its 'init'? */
static int asleep;

/* is it an instance's state, no longer the toolchain's? */
static int awake;

/* registry key: 'math.randomseed', which a program may have hidden */
static const char randomseed = 0;


/*
** {==================================================================
** In the toolchain
** ===================================================================
*/

/*
** For modules without an application: nothing more than the libraries. Gives
** how many results it has pushed: none, or where the start goes on.
*/
__attribute__((weak)) int mw_prepare (lua_State *L) {
  (void)L;
  return 0;
}


static int prepare (lua_State *L) {
  lua_settop(L, 0);
  if (lua_getglobal(L, LUA_MATHLIBNAME) == LUA_TTABLE &&
      lua_getfield(L, -1, "randomseed") == LUA_TFUNCTION)
    lua_rawsetp(L, LUA_REGISTRYINDEX, &randomseed);
  lua_settop(L, 0);
  mw_results(L, mw_prepare(L));
  return 0;
}


/*
** After 'init': gives what 'compute' gives.
*/
MW_EXPORT int mw_preload (void) {
  return mw_compute(prepare, NULL, NULL);
}


/*
** The last thing before the memory is read: what is of no use goes.
*/
MW_EXPORT void mw_sleep (void) {
  run_gc();
  run_gc();
  mw_output_clear();
  memset(mw_io.data, 0, mw_io.cap);
  mw_io.n = 0;
  if (mw_output.data != NULL)
    memset(mw_output.data, 0, mw_output.cap);
  mw_seed_unset();
  asleep = 1;
}

/* }================================================================== */


/*
** {==================================================================
** In each instance
** ===================================================================
*/

static unsigned int hashof (TString *s, unsigned int seed) {
#if MW_LUA == 54
  return luaS_hash(getstr(s), tsslen(s), seed);
#else
  TString t;  /* only that of long strings is to be had */
  memset(&t, 0, sizeof(t));
  t.tt = LUA_VLNGSTR;
  t.hash = seed;
  t.u.lnglen = tsslen(s);
  t.contents = (char *)getstr(s);
  return luaS_hashlongstr(&t);
#endif
}


/* all short strings by the new seed */
static void rehashstrings (stringtable *tb, unsigned int seed) {
  TString *all = NULL;
  int i;
  for (i = 0; i < tb->size; i++) {
    TString *s = tb->hash[i];
    tb->hash[i] = NULL;
    while (s != NULL) {
      TString *next = s->u.hnext;
      s->u.hnext = all;
      all = s;
      s = next;
    }
  }
  while (all != NULL) {
    TString *next = all->u.hnext;
    TString **list;
    all->hash = hashof(all, seed);
    list = &tb->hash[lmod(all->hash, tb->size)];
    all->u.hnext = *list;
    *list = all;
    all = next;
  }
}


/* long strings take the seed as their hash until they have one */
static void forgethashes (GCObject *o, unsigned int seed) {
  for (; o != NULL; o = o->next) {
    if (o->tt == LUA_VLNGSTR) {
      gco2ts(o)->hash = seed;
      gco2ts(o)->extra = 0;
    }
  }
}


/* puts the nodes of all tables where their keys belong now */
static void rehashtables (lua_State *L, GCObject *o) {
  for (; o != NULL; o = o->next) {
    if (o->tt == LUA_VTABLE) {
      Table *t = gco2t(o);
      if (!isdummy(t)) {
#if MW_LUA == 54
        luaH_resize(L, t, luaH_realasize(t), sizenode(t));
#else
        luaH_resize(L, t, t->asize, sizenode(t));
#endif
      }
    }
  }
}


/*
** New seeds, so that nobody who knows the module knows which strings collide.
** Between the two steps no table finds a string.
*/
static int reseed (lua_State *L) {
  global_State *g = G(L);
  unsigned int seed = mw_seed_next();
  lu_byte stopped = g->gcstp;
  GCObject *lists[4];
  int i;
  lists[0] = g->allgc;
  lists[1] = g->finobj;
  lists[2] = g->tobefnz;
  lists[3] = g->fixedgc;
  g->gcstp = GCSTPUSR;  /* (starting it anew would begin a cycle) */
  rehashstrings(&g->strt, seed);
  g->seed = seed;
  for (i = 0; i < 4; i++)
    forgethashes(lists[i], seed);
  for (i = 0; i < 4; i++)
    rehashtables(L, lists[i]);
  g->gcstp = stopped;
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &randomseed) == LUA_TFUNCTION) {
    lua_pushinteger(L, (lua_Integer)mw_seed_next());
    lua_pushinteger(L, (lua_Integer)mw_seed_next());
    lua_call(L, 2, 0);
  }
  mw_clock_begin();
#if defined(MW_PERSIST)
  mw_memory_begin(L);
#endif
  return 0;
}


int mw_later (void) {
  return !awake;
}


int mw_ready (void) {
  return mw_L != NULL && !asleep;
}


int mw_wake (void) {
  asleep = 0;
  awake = 1;
  return mw_run_quietly(reseed, NULL);
}

/* }================================================================== */
