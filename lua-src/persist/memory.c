/*
** memory.c
** The persistent table 'Memory': set-up, and the functions of the contract
** that deal with stored tables
*/

#include <string.h>

#include "lauxlib.h"
#include "ldebug.h"
#include "ldo.h"
#include "lfunc.h"
#include "lmem.h"
#include "lstring.h"
#include "ltm.h"

#include "abi.h"
#include "error.h"
#include "extlib.h"
#include "imports.h"
#include "memory.h"
#include "open.h"
#include "stored.h"


mw_Stored mw_S;

static Table dummyshell;  /* what no table has as its metatable */

Table *mw_shellmt = &dummyshell;
lu_byte mw_cleared;


/*
** {==================================================================
** Work on the store
** ===================================================================
*/

/* gives scratch buffers back that are larger */
static void tidy (size_t keep) {
  int i;
  for (i = 0; i < MW_NSCRATCH; i++)
    mw_buf_shrink(&mw_S.scratch[i], keep);
}


int mw_try (lua_State *L, Pfunc f, void *ud) {
  ptrdiff_t top = savestack(L, L->top.p);
  int status = luaD_rawrunprotected(L, f, ud);
  if (status == LUA_OK)
    return 1;
  if (status != MW_BADDATA)
    luaD_throw(L, status);
  L->top.p = restorestack(L, top);
  mw_closure_abandon();
  return 0;
}


int mw_work (lua_State *L, Pfunc f, void *ud) {
  lua_State *W = mw_S.L;
  global_State *g = G(L);
  lu_byte stp = g->gcstp;
  lu_byte stopem = g->gcstopem;
  int status, retry;
  if (L == W) {  /* already at it */
    f(L, ud);
    return 1;
  }
  for (retry = 0; ; retry++) {
    lua_settop(W, 0);
    mw_S.whykept = 0;
    g->gcstp |= GCSTPGC;
    g->gcstopem = 1;
    W->nCcalls = getCcalls(L) | 0x10000;  /* not yieldable */
    status = luaD_rawrunprotected(W, f, ud);
    g->gcstp = stp;
    g->gcstopem = stopem;
    W->nCcalls = 0x10000;
    if (status != LUA_OK) {
      W->ci = &W->base_ci;
      mw_closure_abandon();
    }
    tidy(16384);
    if (status == LUA_OK || status == MW_BADDATA)
      return status == LUA_OK;
    if (status != LUA_ERRMEM || retry > 0 || stopem)
      break;
    luaC_fullgc(L, 1);
  }
  if (status == LUA_ERRMEM)
    luaM_error(L);
  mw_takemessage(L);
  luaG_errormsg(L);
}


void mw_takemessage (lua_State *L) {
  setobjs2s(L, L->top.p, mw_S.L->top.p - 1);
  mw_inctop(L);
  lua_settop(mw_S.L, 0);
}


/* (scripts do not see such keys of the registry) */
Table *mw_newroot (lua_State *L) {
  Table *t;
  lua_newtable(L);
  t = hvalue(s2v(L->top.p - 1));
  lua_rawsetp(L, LUA_REGISTRYINDEX, t);
  return t;
}

/* }================================================================== */


/*
** {==================================================================
** The counter of ids
** ===================================================================
*/

/*
** A reference to a table above the counter comes from a host that wrote
** tables itself: there may be more of them.
*/
void mw_seenid (uint32_t id) {
  if (id >= mw_S.next && id != UINT32_MAX &&
      (id < MW_MAXID || mw_S.next > MW_MAXID)) {
    mw_S.next = id + 1;
    mw_S.counterknown = 0;
  }
}


/*
** The counter that table 0 has, or 0. Of any version: what a newer release
** has stored may not be readable, yet its ids are taken.
*/
static uint32_t readcounter (lua_State *L) {
  static const unsigned char key[] = {MW_TAG_COUNTER};
  struct { uint32_t next, check; } c;
  if (!mw_store_get(L, 0, key, sizeof(key), &mw_val) || mw_val.n < 10 ||
      mw_val.data[0] != MW_TAG_COUNTER)
    return 0;
  memcpy(&c, mw_val.data + 2, sizeof(c));
  return (c.check == (uint32_t)mw_hashof(&c.next, 4)) ? c.next : 0;
}


static void findcounter (lua_State *L, void *ud) {
  (void)ud;
  mw_seenid(mw_scan(L));
  mw_S.counterknown = 1;
}


void mw_findcounter (lua_State *L) {
  mw_work(L, findcounter, NULL);
}

/* }================================================================== */


/*
** {==================================================================
** Set-up
** ===================================================================
*/

/* makes 'id' the table behind 'Memory' */
static void attach (lua_State *L, void *ud) {
  uint32_t id = *(uint32_t *)ud;
  size_t i;
  Table *t = mw_tablebyid(L, id);
  for (i = 0; i < mw_S.attached.n; i += sizeof(id)) {
    if (memcmp(mw_S.attached.data + i, &id, sizeof(id)) == 0)
      break;
  }
  if (i == mw_S.attached.n)
    mw_buf_add(L, &mw_S.attached, &id, sizeof(id));
  sethvalue2s(L, L->top.p, t);
  L->top.p++;
  lua_rawsetp(L, LUA_REGISTRYINDEX, &mw_S);
  mw_S.root = t;
  mw_S.memory = id;
  mw_seenid(id);
}


static void start (lua_State *L, void *ud) {
  uint32_t next = readcounter(L);
  (void)ud;
  if (next > mw_S.next)
    mw_S.next = next;
  mw_S.counterknown = (next != 0);
}


static void attachglobal (lua_State *L, uint32_t id) {
  if (!mw_work(L, attach, &id))
    luaG_runerror(L, "cannot attach stored table %d: %s", (int)id, mw_S.why);
  mw_pushglobals(L);
  lua_pushliteral(L, "Memory");
  sethvalue2s(L, L->top.p, mw_S.root);
  mw_inctop(L);
  lua_rawset(L, -3);
  lua_pop(L, 1);
}


void mw_memory_open (lua_State *L) {
  TValue k, v;
  memset(&mw_S, 0, sizeof(mw_S));
  mw_S.byid.byid = 1;
  mw_S.next = 2;  /* 1 is the first table behind 'Memory' */
  mw_shellmt = mw_newroot(L);
  setsvalue(L, &k, G(L)->tmname[TM_INDEX]);
  setfvalue(&v, mw_loader);
  mw_rawset(L, mw_shellmt, &k, &v);
  invalidateTMcache(mw_shellmt);
  mw_S.pending = mw_newroot(L);
  mw_S.guards = mw_newroot(L);
  mw_S.chunks = mw_newroot(L);
  mw_S.handles = mw_newroot(L);
  mw_S.handlemeta = mw_newroot(L);
  mw_S.L = lua_newthread(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, mw_S.L);
  mw_openlib(L, "ext", mw_open_ext);
  mw_permanent_open(L);
  mw_codec_touch = mw_loadwhole;  /* (tables go into records as a whole) */
}


void mw_memory_begin (lua_State *L) {
  mw_work(L, start, NULL);
  attachglobal(L, 1);
  mw_atend = mw_memory_flush;
}


void mw_memory_close (void) {
  mw_unnote();
  mw_shellmt = &dummyshell;
  mw_map_free(&mw_S.byobj);
  mw_map_free(&mw_S.byid);
  mw_buf_free(&mw_S.news);
  mw_buf_free(&mw_S.watched);
  mw_buf_free(&mw_S.attached);
  tidy(0);
}

/* }================================================================== */


/*
** {==================================================================
** Flush, and other exports
** ===================================================================
*/

enum { ATTACH, NEW, FLUSH, SERIALIZE, DESERIALIZE, COLLECT };

/* what is to be done */
typedef struct Task {
  int what;
  uint32_t id;
  const unsigned char *p;
  size_t n;
  uint32_t res;
  int ok;  /* else there is a message on top of the worker's stack */
} Task;


/* flushes; then what the task is */
static void work (lua_State *L, void *ud) {
  Task *t = (Task *)ud;
  int n = mw_store_flush(L);
  if (n >= 0) {
    switch (t->what) {
      case SERIALIZE:
        mw_io.n = 0;
        n = mw_serialize(L, t->id, &mw_io) ? (int)mw_io.n : -1;
        break;
      case DESERIALIZE:
        t->id = mw_deserialize(L, t->p, t->n);
        n = (t->id != 0) - 1;
        break;
      case COLLECT:
        n = mw_collect(L, (const uint32_t *)(const void *)t->p, t->n);
        break;
      default: break;
    }
  }
  t->ok = (n >= 0);
  t->res = (t->what == DESERIALIZE) ? t->id : (uint32_t)n;
}


static uint32_t dowork (lua_State *L, Task *t, int level) {
  t->ok = 0;
  if (!mw_work(L, work, t))
    lua_pushstring(mw_S.L, mw_S.why);
  if (!t->ok) {
    mw_takemessage(L);
    mw_error_persist(L, level);
  }
  return t->res;
}


/*
** Is there surely nothing for a flush to do? So it is where nothing is
** stored: an engine then need not compile what a flush takes.
*/
static int idle (void) {
  return isdummy(mw_S.pending) && isdummy(mw_S.chunks) &&
         (mw_S.news.n | mw_S.watched.n) == 0 && !mw_S.counterdirty &&
         !(mw_cleared & MW_STOREDBIT);
}


int mw_memory_flush (lua_State *L) {
  if (!idle()) {
    Task t;
    t.what = FLUSH;
    dowork(L, &t, 0);
  }
  return 0;
}


int mw_memory_extflush (lua_State *L) {
  Task t;
  t.what = FLUSH;
  lua_pushinteger(L, dowork(L, &t, 1));
  return 1;
}


static int dotask (lua_State *L) {
  Task *t = (Task *)lua_touserdata(L, 1);
  const char *msg = NULL;
  if (t->what == ATTACH) {
    if (t->id == 0)
      msg = "cannot attach stored table 0: it is the runtime's";
    else
      attachglobal(L, t->id);
    t->res = 0;
  }
  else {
    if (t->what != FLUSH)
      mw_knowcounter(L);
    if (t->what != NEW)
      dowork(L, t, 0);
    else if ((t->res = mw_newid(NULL)) == 0)
      msg = MW_NOIDS;
  }
  if (msg != NULL) {
    lua_pushstring(L, msg);
    mw_error_persist(L, 0);
  }
  return 0;
}


static uint32_t run (int what, uint32_t id, const unsigned char *p, size_t n,
                     uint32_t failed) {
  Task t;
  t.what = what;
  t.id = id;
  t.p = p;
  t.n = n;
  return (mw_L != NULL && mw_run(dotask, &t) == LUA_OK) ? t.res : failed;
}


#define FAILED	((uint32_t)-1)

MW_EXPORT int flush (void) {
  return (int)run(FLUSH, 0, NULL, 0, FAILED);
}


MW_EXPORT int attach_memory_table (uint32_t id) {
  return (int)run(ATTACH, id, NULL, 0, FAILED);
}


MW_EXPORT uint32_t get_memory_table_id (void) {
  return mw_S.memory;
}


MW_EXPORT uint32_t ext_table_new (void) {
  return run(NEW, 0, NULL, 0, 0);
}


MW_EXPORT void sync_external_table_counter (uint32_t next) {
  if (mw_L != NULL && next > mw_S.next) {
    mw_S.next = next;
    mw_S.counterdirty = 1;
  }
}


MW_EXPORT int serialize_table (uint32_t id) {
  return (int)run(SERIALIZE, id, NULL, 0, FAILED);
}


MW_EXPORT uint32_t deserialize_table (const unsigned char *p, size_t n) {
  return run(DESERIALIZE, 0, p, n, 0);
}


MW_EXPORT int collect_tables (const unsigned char *ids, size_t count) {
  return (int)run(COLLECT, 0, ids, count, FAILED);
}

/* }================================================================== */
