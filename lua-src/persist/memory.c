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
#include "stored.h"


mw_Stored mw_S;

static Table dummyshell;  /* what no table has as its metatable */

Table *mw_shellmt = &dummyshell;
Table *mw_roots;
lu_byte mw_cleared;


/*
** {==================================================================
** Work on the store
** ===================================================================
*/

void mw_work (lua_State *L, Pfunc f, void *ud) {
  lua_State *W = mw_S.L;
  global_State *g = G(L);
  lu_byte stp = g->gcstp;
  lu_byte stopem = g->gcstopem;
  int status, retry;
  if (L == W) {  /* already at it */
    f(L, ud);
    return;
  }
  for (retry = 0; ; retry++) {
    lua_settop(W, 0);
    g->gcstp |= GCSTPGC;
    g->gcstopem = 1;
    W->nCcalls = getCcalls(L) | 0x10000;  /* not yieldable */
    status = luaD_rawrunprotected(W, f, ud);
    g->gcstp = stp;
    g->gcstopem = stopem;
    W->nCcalls = 0x10000;
    if (status == LUA_OK)
      return;
    W->ci = &W->base_ci;
    mw_closure_abandon();
    if (status != LUA_ERRMEM || retry > 0 || stopem)
      break;
    luaC_fullgc(L, 1);
  }
  if (status == LUA_ERRMEM)
    luaM_error(L);
  setobjs2s(L, L->top.p, W->top.p - 1);
  lua_settop(W, 0);
  mw_inctop(L);
  luaG_errormsg(L);
}


Table *mw_newroot (lua_State *L) {
  TValue k, v;
  Table *t = luaH_new(L);
  sethvalue2s(L, L->top.p, t);  /* anchor (EXTRA_STACK) */
  L->top.p++;
  if (mw_roots == NULL)
    mw_roots = t;
  else {
    unsigned int i = 0, n = 2;  /* 1 is for the table behind 'Memory' */
    while (mw_entries(mw_roots, &i, &k, &v))
      n++;
    setivalue(&k, n);
    setobj(L, &v, s2v(L->top.p - 1));
    mw_rawset(L, mw_roots, &k, &v);
  }
  L->top.p--;
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


/* the counter that table 0 has, or 0 */
static uint32_t readcounter (lua_State *L) {
  static const unsigned char key[] = {MW_TAG_COUNTER};
  mw_Reader r;
  uint32_t next, check;
  const unsigned char *p;
  if (!mw_store_get(L, 0, key, sizeof(key), &mw_S.val))
    return 0;
  mw_reader(&r, &mw_S.val);
  if (mw_read_u8(&r) != MW_TAG_COUNTER || mw_read_u8(&r) != MW_FORMAT)
    return 0;
  p = r.p;
  next = mw_read_u32(&r);
  check = mw_read_u32(&r);
  if (r.err != NULL || check != (uint32_t)mw_hash(MW_HASHSEED, p, 4))
    return 0;
  return next;
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
  TValue k, v;
  size_t i;
  Table *t = mw_tablebyid(L, id);
  if (t == NULL)
    luaG_runerror(L, "cannot attach stored table %d: %s", (int)id, mw_S.why);
  for (i = 0; i < mw_S.attached.n; i += sizeof(id)) {
    if (memcmp(mw_S.attached.data + i, &id, sizeof(id)) == 0)
      break;
  }
  if (i == mw_S.attached.n)
    mw_buf_add(L, &mw_S.attached, &id, sizeof(id));
  setivalue(&k, 1);
  sethvalue(L, &v, t);
  mw_rawset(L, mw_roots, &k, &v);
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
  mw_work(L, attach, &id);
  lua_pushglobaltable(L);
  lua_pushliteral(L, "Memory");
  sethvalue2s(L, L->top.p, mw_S.root);
  mw_inctop(L);
  lua_rawset(L, -3);
  lua_pop(L, 1);
}


/*
** A table that goes into a result record as a whole.
*/
static void codectouch (lua_State *L, Table *h) {
  if (mw_isshell(h)) {
    mw_load(L, h);
    if (mw_isshell(h))
      mw_afternext(L, h);  /* raises an error if anything in it is bad */
  }
}


void mw_memory_open (lua_State *L) {
  TValue k, v;
  memset(&mw_S, 0, sizeof(mw_S));
  mw_S.byid.byid = 1;
  mw_S.next = 2;  /* 1 is the first table behind 'Memory' */
  mw_newroot(L);
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
  setivalue(&k, LUA_MINSTACK * 1000);
  setthvalue(L, &v, mw_S.L);
  mw_rawset(L, mw_roots, &k, &v);
  lua_pop(L, 1);
  luaL_requiref(L, "ext", mw_open_ext, 1);
  lua_pop(L, 1);
  mw_permanent_open(L);
  mw_work(L, start, NULL);
  attachglobal(L, 1);
  mw_codec_touch = codectouch;
  mw_atend = mw_memory_flush;
}


void mw_memory_close (void) {
  mw_roots = NULL;
  mw_shellmt = &dummyshell;
  mw_map_free(&mw_S.byobj);
  mw_map_free(&mw_S.byid);
  mw_buf_free(&mw_S.news);
  mw_buf_free(&mw_S.watched);
  mw_buf_free(&mw_S.attached);
  mw_buf_free(&mw_S.key);
  mw_buf_free(&mw_S.val);
}

/* }================================================================== */


/*
** {==================================================================
** Flush
** ===================================================================
*/

static void flush_ (lua_State *L, void *ud) {
  *(int *)ud = mw_store_flush(L);
}


/* pushes the message on top of the worker's stack */
static void pushmessage (lua_State *L) {
  setobjs2s(L, L->top.p, mw_S.L->top.p - 1);
  mw_inctop(L);
  lua_settop(mw_S.L, 0);
}


static int doflush (lua_State *L, int level) {
  int n;
  mw_work(L, flush_, &n);
  if (n < 0) {
    pushmessage(L);
    mw_error_persist(L, level);
  }
  return n;
}


int mw_memory_flush (lua_State *L) {
  doflush(L, 0);
  return 0;
}


int mw_memory_extflush (lua_State *L) {
  lua_pushinteger(L, doflush(L, 1));
  return 1;
}


static int exportflush (lua_State *L) {
  int *n = (int *)lua_touserdata(L, 1);
  *n = doflush(L, 0);
  return 0;
}


MW_EXPORT int flush (void) {
  int n = -1;
  if (mw_L == NULL || mw_run(exportflush, &n) != LUA_OK)
    return -1;
  return n;
}

/* }================================================================== */


/*
** {==================================================================
** Other exports. Each runs a C function with its arguments and its result
** in an 'Args'.
** ===================================================================
*/

typedef struct Args {
  uint32_t id;
  const unsigned char *p;
  size_t n;
  int res;
  int (*work) (lua_State *L, struct Args *a);  /* for 'exportwork' */
  int ok;
} Args;


static int run (lua_CFunction f, Args *a) {
  return mw_L != NULL && mw_run(f, a) == LUA_OK;
}


static int exportattach (lua_State *L) {
  const Args *a = (const Args *)lua_touserdata(L, 1);
  if (a->id == 0) {
    lua_pushliteral(L, "cannot attach stored table 0: it is the runtime's");
    return mw_error_persist(L, 0);
  }
  attachglobal(L, a->id);
  return 0;
}


MW_EXPORT int attach_memory_table (uint32_t id) {
  Args a = {id, NULL, 0, 0, NULL, 0};
  return run(exportattach, &a) ? 0 : -1;
}


MW_EXPORT uint32_t get_memory_table_id (void) {
  return mw_S.memory;
}


static int exportnew (lua_State *L) {
  Args *a = (Args *)lua_touserdata(L, 1);
  mw_knowcounter(L);
  a->id = mw_newid(NULL);
  if (a->id == 0) {
    lua_pushliteral(L, "no more ids for stored tables");
    return mw_error_persist(L, 0);
  }
  return 0;
}


MW_EXPORT uint32_t ext_table_new (void) {
  Args a = {0, NULL, 0, 0, NULL, 0};
  return run(exportnew, &a) ? a.id : 0;
}


MW_EXPORT void sync_external_table_counter (uint32_t next) {
  if (mw_L != NULL && next > mw_S.next) {
    mw_S.next = next;
    mw_S.counterdirty = 1;
  }
}


static void work (lua_State *L, void *ud) {
  Args *a = (Args *)ud;
  a->ok = (mw_store_flush(L) >= 0) && a->work(L, a);
}


/* does 'work', after a flush */
static int exportwork (lua_State *L) {
  Args *a = (Args *)lua_touserdata(L, 1);
  mw_knowcounter(L);
  mw_work(L, work, a);
  if (!a->ok) {
    pushmessage(L);
    return mw_error_persist(L, 0);
  }
  return 0;
}


static int serialize (lua_State *L, Args *a) {
  mw_io.n = 0;
  a->res = mw_serialize(L, a->id, &mw_io) ? (int)mw_io.n : -1;
  return a->res >= 0;
}


MW_EXPORT int serialize_table (uint32_t id) {
  Args a = {id, NULL, 0, 0, serialize, 0};
  return run(exportwork, &a) ? a.res : -1;
}


static int deserialize (lua_State *L, Args *a) {
  a->id = mw_deserialize(L, a->p, a->n);
  return a->id != 0;
}


MW_EXPORT uint32_t deserialize_table (const unsigned char *p, size_t n) {
  Args a = {0, p, n, 0, deserialize, 0};
  return run(exportwork, &a) ? a.id : 0;
}


static int collect (lua_State *L, Args *a) {
  a->res = mw_collect(L, (const uint32_t *)(const void *)a->p, a->n);
  return a->res >= 0;
}


MW_EXPORT int collect_tables (const unsigned char *ids, size_t count) {
  Args a = {0, ids, count, 0, collect, 0};
  return run(exportwork, &a) ? a.res : -1;
}

/* }================================================================== */
