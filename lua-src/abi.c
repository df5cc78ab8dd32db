/*
** abi.c
** The module's exported functions (ABI.md)
*/

#include <string.h>

#include "lua.h"

#include "lauxlib.h"
#include "lstate.h"
#include "lualib.h"

#include "abi.h"
#include "buffer.h"
#include "codec.h"
#include "error.h"
#include "memory.h"
#include "mwlimits.h"
#include "output.h"
#include "pool.h"
#include "registry.h"
#include "seed.h"


lua_State *mw_L;

int (*mw_atend) (lua_State *L);

/* name for the next chunk, if 'named' */
static mw_Buffer chunkname;
static int named;

int mw_busy;


/*
** {==================================================================
** Running Lua
** ===================================================================
*/

int mw_protected (lua_CFunction f, void *ud, const int *syntax,
                  lua_CFunction handler) {
  lua_State *L = mw_L;
  int outermost = (mw_busy++ == 0);
  int top = lua_gettop(L);
  int status;
  if (outermost) {
    mw_limit_onhit = (handler != NULL) ? mw_error_note : NULL;
    mw_limit_begin();
  }
  lua_pushcfunction(L, handler);
  lua_pushcfunction(L, f);
  lua_pushlightuserdata(L, ud);
  status = lua_pcall(L, 1, 0, (handler != NULL) ? top + 1 : 0);
  if (outermost ? mw_limit_end(L) : mw_limit_hit()) {
    if (status == LUA_OK)
      status = LUA_ERRRUN;
    if (handler != NULL)
      mw_error_set(MW_ERR_LIMIT, mw_limit_message);
  }
  else if (status != LUA_OK && handler != NULL)
    mw_error_record(L, status, syntax != NULL && *syntax);
  lua_settop(L, top);
  mw_busy--;
  return status;
}


void mw_starting (void) {
  mw_error_clear();
  mw_error_forget(mw_L);
  mw_output_clear();
}


int mw_run (lua_CFunction f, void *ud) {
  int status;
  if (mw_busy)
    return mw_protected(f, ud, NULL, mw_error_handler);
  mw_starting();
  status = mw_protected(f, ud, NULL, mw_error_handler);
  if (status == LUA_OK)
    mw_error_clear();  /* of what failed inside a host function */
  mw_output_deliver();
  return status;
}


int mw_run_quietly (lua_CFunction f, void *ud) {
  return mw_protected(f, ud, NULL, NULL);
}

/* }================================================================== */


/*
** {==================================================================
** State
** ===================================================================
*/

/*
** What may be allocated before the first cycle of the collector begins. That
** is twice what 'init' leaves: a cycle while a short first chunk runs would
** free nothing, and an engine would have to compile the collector for it.
*/
#define FIRSTCYCLE	65536


__attribute__((weak)) void mw_openmore (lua_State *L) {
  (void)L;
}


static int openlibs (lua_State *L) {
  luaE_setdebt(G(L), (MW_LUA == 54) ? -(l_mem)FIRSTCYCLE : (l_mem)FIRSTCYCLE);
  luaL_openlibs(L);
  mw_registry_open(L);
#if defined(MW_PERSIST)
  mw_memory_open(L);
  if (!mw_later())
    mw_memory_begin(L);
#endif
  mw_openmore(L);
  return 0;
}


static lua_State *newstate (void) {
#if MW_LUA == 54
  return lua_newstate(mw_alloc, NULL);
#else
  return lua_newstate(mw_alloc, NULL, mw_seed_next());
#endif
}


__attribute__((weak)) int mw_ready (void) {
  return mw_L != NULL;
}


__attribute__((weak)) int mw_wake (void) {
  return LUA_OK;
}


__attribute__((weak)) int mw_later (void) {
  return 0;
}


static int initfailed (void) {
  mw_error_set(MW_ERR_MEMORY, "not enough memory");
  return -1;
}


MW_EXPORT int init (void) {
  lua_State *L;
  mw_error_clear();
  if (mw_ready())
    return 0;
  if (mw_L != NULL) {
    if (mw_wake() == LUA_OK)
      return 0;
    mw_L = NULL;  /* half of it has changed */
    return initfailed();
  }
  if (!mw_buf_tryreserve(&mw_io, MW_IO_MIN))
    return initfailed();
  L = newstate();
  if (L == NULL)
    return initfailed();
  /* Lua copies it into each new thread, but sets it for none */
  memset(lua_getextraspace(L), 0, LUA_EXTRASPACE);
  /* (no panic function: all Lua runs in 'mw_protected') */
  lua_setwarnf(L, mw_output_warn, NULL);
  mw_L = L;
  if (mw_run_quietly(openlibs, NULL) != LUA_OK) {
    mw_L = NULL;
    lua_close(L);
#if defined(MW_PERSIST)
    mw_memory_close();
#endif
    return initfailed();
  }
  return 0;
}


MW_EXPORT void set_seed (int64_t seed) {
  if (!mw_ready())
    mw_seed_set((uint64_t)seed);
}


MW_EXPORT void set_limits (unsigned int heap, int64_t instructions) {
  mw_heap_setlimit(heap);
  mw_limit_set(instructions);
}


static int fullgc (lua_State *L) {
  lua_gc(L, LUA_GCCOLLECT);
  return 0;
}


MW_EXPORT void run_gc (void) {
  if (mw_L != NULL && !mw_busy)
    mw_run_quietly(fullgc, NULL);
}


MW_EXPORT void get_memory_stats (unsigned char *p) {
  uint32_t stats[3];
  stats[0] = (uint32_t)mw_io.cap;
  stats[1] = stats[2] = 0;
  if (mw_L != NULL)
    /* not the collector's count: 5.5's leaves long strings out */
    stats[1] = (uint32_t)(mw_heap_used() - mw_io.cap);
#if defined(__wasm__)
  stats[2] = (uint32_t)__builtin_wasm_memory_size(0);
#endif
  memcpy(p, stats, sizeof(stats));
}


MW_EXPORT int abi_version (void) {
  return MW_ABI_VERSION;
}

/* }================================================================== */


/*
** {==================================================================
** I/O buffer
** ===================================================================
*/

MW_EXPORT unsigned char *get_buffer_ptr (void) {
  return mw_io.data;
}


MW_EXPORT size_t get_buffer_size (void) {
  return mw_io.cap;
}


MW_EXPORT unsigned char *reserve_buffer (size_t len) {
  mw_io.n = 0;
  return mw_buf_tryreserve(&mw_io, len) ? mw_io.data : NULL;
}


MW_EXPORT int get_last_error (void) {
  return (int)mw_error_encode();
}

/* }================================================================== */


/*
** {==================================================================
** Chunks
** ===================================================================
*/

/* without memory for it, the chunk is named by its text */
MW_EXPORT void set_chunk_name (const char *s, size_t l) {
  chunkname.n = 0;
  named = 0;
  if (mw_buf_tryreserve(&chunkname, l + 1)) {
    memcpy(chunkname.data, s, l);
    chunkname.data[l] = '\0';
    named = 1;
  }
}


const char *mw_chunkname (const char *text) {
  const char *name = named ? (const char *)chunkname.data : text;
  named = 0;
  return name;
}


typedef struct Chunk {
  const char *s;
  size_t l;
  const char *mode;
  int syntax;  /* does it not compile? */
} Chunk;


void mw_results (lua_State *L, int n) {
  mw_io.n = 0;
  mw_buf_addu32(L, &mw_io, mw_output.n);
  mw_buf_add(L, &mw_io, mw_output.data, mw_output.n);
  mw_encode_values(L, &mw_io, n);
}


/*
** Loads and runs a chunk and writes its result record. (The text is copied
** first: the I/O buffer may be used, and a name has to end in a zero.)
*/
static int runchunk (lua_State *L) {
  Chunk *c = (Chunk *)lua_touserdata(L, 1);
  const char *s, *name;
  int status;
  lua_settop(L, 0);
  s = lua_pushlstring(L, c->s, c->l);
  mw_io_trim();
  name = mw_chunkname(s);
  status = luaL_loadbufferx(L, s, c->l, name, c->mode);
  if (status != LUA_OK) {
    if (status == LUA_ERRSYNTAX) {
      c->syntax = 1;
      mw_error_chunk(name);
    }
    return lua_error(L);
  }
  setnilvalue(s2v(L->ci->func.p + 1));  /* the text */
  lua_call(L, 0, LUA_MULTRET);
  mw_results(L, lua_gettop(L) - 1);
  return 0;
}


/* the failed call's message goes to the I/O buffer, cut if need be */
static int failed (void) {
  size_t l;
  const char *s = mw_error_message(&l);
  mw_io_trim();
  if (!mw_buf_tryreserve(&mw_io, l))
    l = mw_io.cap;
  memcpy(mw_io.data, s, l);
  return -(int)l - 1;
}


int mw_compute (lua_CFunction f, void *ud, const int *syntax) {
  int n;
  if (mw_busy)
    return -1;  /* the record is that of the call in progress */
  if (!mw_ready()) {
    mw_error_set(MW_ERR_RUNTIME, "no Lua state: 'init' was not called, or "
                                 "failed; call it first");
    return failed();
  }
  mw_starting();
  n = (mw_protected(f, ud, syntax, mw_error_handler) == LUA_OK)
        ? (int)mw_io.n : -1;
  mw_codec_release();
  if (mw_atend != NULL &&
      mw_protected(mw_atend, NULL, NULL,
                   (n >= 0) ? mw_error_handler : NULL) != LUA_OK)
    n = -1;
  mw_output_deliver();
  if (n < 0)
    return failed();
  mw_error_clear();
  return n;
}


int mw_compute_chunk (const char *s, size_t l, const char *mode) {
  Chunk c;
  c.s = s;
  c.l = l;
  c.mode = mode;
  c.syntax = 0;
  return mw_compute(runchunk, &c, &c.syntax);
}


MW_EXPORT int compute (const char *s, size_t l) {
  return mw_compute_chunk(s, l, "t");
}

/* }================================================================== */
