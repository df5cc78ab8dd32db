/*
** reach.c
** What can be reached, in memory and in the host's store, and what becomes
** of the rest
*/

#include <string.h>

#include "ldo.h"
#include "lmem.h"

#include "extlib.h"
#include "imports.h"
#include "mwlimits.h"
#include "reach.h"
#include "stored.h"


/*
** {==================================================================
** References in encoded values
** ===================================================================
*/

static void ref (mw_Reader *r, int kind, mw_Visitor f) {
  f(kind, mw_read_bytes(r, kind == MW_REF_TEXT ? 8 : 4));
}


/* what follows a tag: so many bytes (+ 1), a string, or a reference */
#define STRING		15
#define REF(kind)	(16 + (kind))

static const unsigned char payload[] = {
  1, 2, 9, 9, STRING, STRING, 3, REF(MW_REF_TABLE),
  0, 0, 0, 0, 0, 0, 0, 0,
  REF(MW_REF_CLOSURE), REF(MW_REF_CELL), 0, 0, 0, STRING,
  REF(MW_REF_TABLE), REF(MW_REF_THREAD), REF(MW_REF_WRAP)
};

/* walks over one value, or a slot of a coroutine */
static void valuerefs (mw_Reader *r, mw_Visitor f) {
  unsigned int tag = mw_read_u8(r);
  unsigned int n = (tag < sizeof(payload)) ? payload[tag] : 0;
  if (tag >= MW_TAG_OPEN)
    mw_read_version(r);
  if (n == 0)
    mw_damaged("unknown tag");
  if (n >= REF(0))
    ref(r, (int)n - REF(0), f);
  else {
    if (tag == MW_TAG_NAMED)
      mw_read_u8(r);
    mw_read_bytes(r, (n == STRING) ? mw_read_u32(r) : n - 1);
  }
}


static void ignore (int kind, const unsigned char *p) {
  (void)kind; (void)p;
}


void mw_skipvalue (mw_Reader *r) {
  valuerefs(r, ignore);
}


/* the values in a coroutine's record; what follows them has no references */
static void threadrefs (mw_Reader *r, mw_Visitor f) {
  uint32_t n;
  mw_read_u16(r);
  n = mw_read_u32(r);
  mw_read_u32(r);
  for (; n > 1; n--)
    valuerefs(r, f);
  r->p = r->end;
}


void mw_refs (int tag, const unsigned char *p, size_t n, mw_Visitor f) {
  mw_Reader r;
  mw_reader(&r, p, n);
  if (tag != 0)
    mw_read_header(&r, tag);
  if (tag == MW_TAG_TEXT)
    return;
  if (tag == MW_TAG_CLOSURE) {
    unsigned int i;
    ref(&r, MW_REF_TEXT, f);
    mw_read_bytes(&r, 4);
    for (i = mw_read_u8(&r); i > 0; i--)
      ref(&r, MW_REF_CELL, f);
  }
  else if (tag == MW_TAG_THREAD)
    threadrefs(&r, f);
  else
    valuerefs(&r, f);
  if (r.p != r.end)
    mw_damaged("too long");
}


/* (numbers in records, and in memory here, are little-endian) */
uint32_t mw_getid (const unsigned char *p) {
  uint32_t id;
  memcpy(&id, p, sizeof(id));
  return id;
}


uint64_t mw_gethash (const unsigned char *p) {
  uint64_t hash;
  memcpy(&hash, p, sizeof(hash));
  return hash;
}


int mw_entrytag (const unsigned char *key, size_t n) {
  return (n > 0 && key[0] >= MW_TAG_OPEN) ? key[0] : 0;
}

/* }================================================================== */


/*
** {==================================================================
** What is reachable
** ===================================================================
*/

mw_Reach mw_R;


mw_Slot *mw_seen (int kind, uint32_t key) {
  return mw_map_find(&mw_R.seen[kind], NULL, key);
}


void mw_reached (int kind, uint64_t id) {
  uint32_t key = (kind == MW_REF_TEXT) ? mw_fold(id) : (uint32_t)id;
  if (key == 0 || mw_seen(kind, key) != NULL)
    return;
  mw_buf_reserve(mw_R.L, &mw_queue, sizeof(mw_Found));
  if (mw_map_add(&mw_R.seen[kind], NULL, key) == NULL)
    luaD_throw(mw_R.L, LUA_ERRMEM);
  mw_found(mw_nfound)->kind = kind;
  mw_found(mw_nfound)->id = id;
  mw_queue.n += sizeof(mw_Found);
  if (kind != MW_REF_TEXT && key > mw_R.max && key < MW_MAXID)
    mw_R.max = key;
}


static void visit (int kind, const unsigned char *p) {
  if (kind != MW_REF_TEXT && mw_getid(p) == 0)
    mw_R.bad = 1;
  mw_reached(kind, kind == MW_REF_TEXT ? mw_gethash(p) : mw_getid(p));
}


void mw_reachdone (void) {
  int i;
  for (i = 0; i < MW_NREFS; i++)
    mw_map_free(&mw_R.seen[i]);
  mw_queue.n = 0;
  mw_R.max = mw_R.bad = 0;
}


void mw_reachstart (lua_State *L) {
  int i;
  mw_reachdone();
  mw_R.L = L;
  for (i = 0; i < MW_NREFS; i++)
    mw_R.seen[i].byid = 1;
}


const int mw_recordtag[MW_NREFS] = {
  0, MW_TAG_CLOSURE, MW_TAG_CELL, MW_TAG_TEXT, MW_TAG_THREAD, MW_TAG_WRAP
};


void mw_getrecord (const mw_Found *f) {
  mw_store_record(mw_R.L, mw_recordtag[f->kind], f->id, &mw_rval, NULL);
}


static void recordlinks (lua_State *L, void *ud) {
  const mw_Found *f = (const mw_Found *)ud;
  (void)L;
  mw_getrecord(f);
  mw_refs(mw_recordtag[f->kind], mw_rval.data, mw_rval.n, visit);
}


static void entrylinks (lua_State *L, mw_Keys *w) {
  size_t l = (size_t)(w->key.end - w->key.p);
  if (!mw_store_get(L, w->id, w->key.p, l, &mw_rval))
    mw_R.bad = 1;
  else
    mw_refs(mw_entrytag(w->key.p, l), mw_rval.data, mw_rval.n, visit);
}


/* goes on to what the store's bytes lead to from something */
static void storedlinks (lua_State *L, mw_Found *f) {
  if (f->kind != MW_REF_TABLE)
    mw_R.bad |= !mw_try(L, recordlinks, f);
  else {
    mw_Keys w;
    w.id = (uint32_t)f->id;
    w.b = &mw_rkeys;
    w.visit = entrylinks;
    w.begun = 0;
    while (!mw_store_walk(L, &w))
      mw_R.bad = 1;
  }
}


void mw_reachall (lua_State *L) {
  size_t i;
  for (i = 0; i < mw_nfound; i++) {
    mw_Found f = *mw_found(i);
    storedlinks(L, &f);
  }
}


uint32_t mw_scan (lua_State *L) {
  uint32_t i, max;
  mw_reachstart(L);
  mw_reached(MW_REF_TABLE, mw_S.memory);
  for (i = 0; i < mw_S.byid.size; i++)
    mw_reached(MW_REF_TABLE, mw_S.byid.slots[i].id);
  mw_reachall(L);
  max = mw_R.max;
  mw_reachdone();
  return max;
}

/* }================================================================== */


/*
** {==================================================================
** Dropping what is not reachable
** ===================================================================
*/

static int kindof (const GCObject *o) {
  int tag = mw_tagof(o);
  int kind = MW_NREFS - 1;
  while (kind > MW_REF_TABLE && mw_recordtag[kind] != tag)
    kind--;
  return kind;
}


static int isreached (const GCObject *o, uint32_t id) {
  return mw_seen(kindof(o), id) != NULL;
}


#define lost	mw_scratch(LOST)  /* objects in memory that were not reached */

static void findlost (lua_State *L, int onlyshells) {
  uint32_t i;
  lost.n = 0;
  for (i = 0; i < mw_S.byobj.size; i++) {
    GCObject *o = mw_S.byobj.slots[i].o;
    if (o != NULL && !isdead(G(L), o) &&
        !isreached(o, mw_S.byobj.slots[i].id) &&
        (!onlyshells || (o->tt == LUA_VTABLE && mw_shell(gco2t(o)) &&
                 !(mw_S.byobj.slots[i].state & MW_ST_GUARDED))))
      mw_buf_add(L, &lost, &o, sizeof(o));
  }
}


static GCObject *lostat (size_t i) {
  GCObject *o;
  memcpy(&o, lost.data + i, sizeof(o));
  return o;
}


/*
** Finds what is lost. Nothing of it will be stored any more, but a script
** may hold it: so it is loaded first.
*/
static void loadlost (lua_State *L) {
  size_t i;
  for (findlost(L, 1); lost.n > 0; findlost(L, 1)) {
    for (i = 0; i < lost.n; i += sizeof(GCObject *)) {
      mw_load(L, gco2t(lostat(i)));
    }
  }
  findlost(L, 0);
}


/* what is not stored any more goes on as what it was */
static void release (lua_State *L, GCObject *o) {
  mw_unsetof(L, mw_S.pending, o);
  if (o->tt == LUA_VTABLE && mw_shell(gco2t(o))) {
    Table *mt = mw_storedmeta(gco2t(o));
    gco2t(o)->metatable = mt;
    if (mt != NULL)
      luaC_objbarrier(L, o, mt);
    mw_unsetof(L, mw_S.guards, o);
  }
  mw_forget(o);
}


static void droptable (uint32_t id, int *n) {
  if (js_ext_table_size(id) <= 0)
    return;
  if (js_ext_table_drop(id) != 0)
    mw_badvalue(MW_STOREFAILED);
  (*n)++;
}


static void recordkeys (lua_State *L, void *ud) {
  mw_store_keys(L, 0, &mw_rkeys, (mw_Reader *)ud);
}


/* records of table 0 that nothing refers to (none if its keys are damaged) */
static void droprecords (lua_State *L) {
  mw_Reader r, key;
  mw_try(L, recordkeys, &r);
  while (mw_store_nextkey(&r, &key)) {
    size_t l = (size_t)(key.end - key.p);
    int kind;
    for (kind = MW_REF_CLOSURE; kind < MW_NREFS; kind++) {
      if (l == (kind == MW_REF_TEXT ? 9 : 5) && *key.p == mw_recordtag[kind]) {
        uint32_t id = (kind == MW_REF_TEXT) ? mw_fold(mw_gethash(key.p + 1))
                                         : mw_getid(key.p + 1);
        if (mw_seen(kind, id) == NULL &&
            js_ext_table_delete(0, key.p, (unsigned int)l) != 0)
          mw_badvalue(MW_STOREFAILED);
      }
    }
  }
}


/*
** So many ids are looked at by one collection, from where the last one has
** stopped down: a damaged id may say that there are as many as can be.
*/
#define MAXSWEEP	((size_t)1 << 22)


int mw_collect (lua_State *L, const uint32_t *roots, size_t n) {
  size_t i;
  uint32_t id;
  int dropped = 0;
  mw_reachstart(L);
  mw_reached(MW_REF_TABLE, mw_S.memory);
  for (i = 0; i < n; i++) {
    memcpy(&id, roots + i, sizeof(id));
    mw_reached(MW_REF_TABLE, id);
  }
  mw_reachall(L);
  loadlost(L);
  for (i = 0; i < lost.n; i += sizeof(GCObject *)) {
    GCObject *o = lostat(i);
    id = mw_idof(o);
    release(L, o);
    if (o->tt == LUA_VTABLE && id >= mw_S.next)
      droptable(id, &dropped);
  }
  if (mw_S.swept == 0 || mw_S.swept > mw_S.next)
    mw_S.swept = mw_S.next;
  for (i = 0; i < MAXSWEEP && mw_S.swept > 1; i++) {
    id = --mw_S.swept;
    if (mw_seen(MW_REF_TABLE, id) == NULL)
      droptable(id, &dropped);
  }
  mw_S.swept -= (mw_S.swept == 1);  /* the next one begins anew */
  droprecords(L);
  mw_reachdone();
  return dropped;
}

/* }================================================================== */


/*
** {==================================================================
** Letting go of what 'Memory' does not reach any more
** ===================================================================
*/

static void livelinks (GCObject *o) {
  mw_Links w;
  mw_startlinks(&w, o);
  while (mw_nextlink(&w)) {
    if (mw_isstoredvalue(&w.e.v))
      mw_reached(kindof(gcvalue(&w.e.v)), mw_idof(gcvalue(&w.e.v)));
    else
      mw_reached(MW_REF_TABLE, mw_handle_id(&w.e.v));  /* (0 is nothing) */
  }
}


/*
** Goes on to what links there are now: in memory where there is the object,
** else in the store. A cell that holds what is refused is what the store
** has, and so may be a coroutine that has run.
*/
static void links (lua_State *L, size_t i, int live, int stored) {
  mw_Found f = *mw_found(i);
  GCObject *o;
  if (f.kind == MW_REF_TEXT)
    return;
  mw_val.n = 0;
  o = mw_object((uint32_t)f.id);
  if (o != NULL && kindof(o) != f.kind)
    o = NULL;
  if (live && o != NULL)
    livelinks(o);
  if (stored &&
      (o == NULL ||
       (f.kind == MW_REF_TABLE && mw_shell(gco2t(o))) ||
       (f.kind == MW_REF_THREAD && (mw_slotof(o)->state & MW_ST_RAN)) ||
       (f.kind == MW_REF_CELL &&
        !mw_store_encode(gco2upv(o)->v.p))))
    storedlinks(L, &f);
}


typedef struct Detach {
  GCObject *o;
  int done;
} Detach;

static void detach (lua_State *L, void *ud) {
  Detach *d = (Detach *)ud;
  uint32_t id = mw_idof(d->o);
  size_t i, first;
  mw_Entries e;
  e.i = 0;
  d->done = 0;
  mw_reachstart(L);
  for (i = 0; i < mw_S.attached.n; i += sizeof(id)) {
    uint32_t root;
    memcpy(&root, mw_S.attached.data + i, sizeof(root));
    mw_reached(MW_REF_TABLE, root);
  }
  while (mw_entries(mw_S.handles, &e))
    mw_reached(MW_REF_TABLE, (uint32_t)ivalue(&e.k));
  for (i = 0; i < mw_nfound; i++)
    links(L, i, 1, 0);
  first = mw_nfound;
  for (i = 0; i < mw_nfound && !isreached(d->o, id); i++)
    links(L, i, i >= first, 1);
  if (!isreached(d->o, id)) {
    loadlost(L);
    d->done = 1;
    for (i = 0; i < lost.n; i += sizeof(GCObject *))
      d->done &= !(mw_slotof(lostat(i))->state & MW_ST_GUARDED);
    for (i = 0; d->done && i < lost.n; i += sizeof(GCObject *))
      release(L, lostat(i));
  }
  mw_reachdone();
}


int mw_detach (lua_State *L, GCObject *o) {
  Detach d;
  d.o = o;
  mw_work(L, detach, &d);
  return d.done;
}

/* }================================================================== */
