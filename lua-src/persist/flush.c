/*
** flush.c
** Handing over to the host's store what has changed
*/

#include <string.h>

#include "ldo.h"
#include "lfunc.h"
#include "lstring.h"
#include "ltm.h"

#include "imports.h"
#include "stored.h"


typedef struct Flush {
  int n;  /* entries handed over */
  int failed;  /* did the host's store fail? */
  int refused;  /* does a cell hold what can't be persisted? */
} Flush;


/* the first failure is the one reported */
static void fail (lua_State *L, Flush *f, GCObject *o, int link,
                  const TValue *key) {
  if (!f->failed && !f->refused)
    mw_pushpath(L, o, link, key, MW_STOREFAILED);
  f->failed = 1;
}


static int set (lua_State *L, Flush *f, uint32_t id) {
  if (!mw_store_set(L, id, mw_key.data, mw_key.n, mw_val.data,
                    mw_val.n))
    return 0;
  f->n++;
  return 1;
}


static int erase (Flush *f, uint32_t id) {
  if (js_ext_table_delete(id, mw_key.data, (unsigned int)mw_key.n) != 0)
    return 0;
  f->n++;
  return 1;
}


static int putcounter (lua_State *L, Flush *f) {
  mw_newentry();
  mw_buf_addu8(L, &mw_key, MW_TAG_COUNTER);
  mw_store_header(MW_TAG_COUNTER);
  mw_store_u32(mw_S.next);
  mw_store_u32((uint32_t)mw_hashof(&mw_S.next, 4));
  if (!set(L, f, 0))
    return 0;
  mw_S.counterdirty = 0;
  return 1;
}


/*
** The value of a key of a set of changed keys; nil if the table has none.
*/
static void valueof (Table *h, const TValue *key, TValue *v) {
  if (ttislightuserdata(key)) {
    Table *mt = mw_storedmeta(h);
    setnilvalue(v);
    if (mt != NULL)
      sethvalue(NOSTATE, v, mt);
  }
  else
    mw_lookup(h, key, v);
}


/*
** Hands over one entry of a table. Returns 0 if the host's store failed.
*/
static int putentry (lua_State *L, Flush *f, Table *h, uint32_t id,
                     const TValue *key, const TValue *v) {
  int link = MW_LINK_KEY;
  mw_newentry();
  if (ttislightuserdata(key)) {
    link = MW_LINK_META;
    mw_buf_addu8(L, &mw_key, MW_TAG_META);
    mw_store_header(MW_TAG_META);
  }
  else
    mw_encode_scalar(L, &mw_key, key);
  if (ttisnil(v) ? erase(f, id)
                 : mw_store_encode(v) && set(L, f, id))
    return 1;
  fail(L, f, obj2gco(h), link, key);
  return 0;
}


/*
** What is no table. A new cell whose value was refused is stored as nil:
** the functions that have it shall open.
*/
static int putobject (lua_State *L, Flush *f, GCObject *o) {
  uint32_t id = mw_idof(o);
  int tag = mw_tagof(o);
  mw_newentry();
  mw_store_key(L, &mw_key, tag, id);
  if (tag == MW_TAG_CLOSURE) {
    if (!mw_closure_encode(L, gco2lcl(o), &f->n)) {
      fail(L, f, o, MW_LINK_NONE, NULL);
      return 0;
    }
  }
  else if (tag == MW_TAG_THREAD) {
    if (!mw_thread_encode(L, gco2th(o)))
      return 0;
  }
  else {
    mw_Links w;
    mw_store_header(tag);
    mw_startlinks(&w, o);
    mw_nextlink(&w);
    if (!mw_store_encode(&w.e.v)) {
      if (!mw_isnew(o))
        return 0;  /* has been refused, and stays noted */
      mw_store_u8(MW_TAG_NIL);
    }
  }
  if (set(L, f, 0))
    return 1;
  fail(L, f, o, MW_LINK_NONE, NULL);
  return 0;
}


static void setstate (mw_Slot *s, uint32_t state) {
  s->state = (s->state & ~(uint32_t)MW_ST_MASK) | state;
}


/*
** Hands over a table that is all new. If the store fails at some entries
** these become its changed keys. (They are noted before its state changes:
** if there is no memory for that, it stays all new.)
*/
static void putnewtable (lua_State *L, Flush *f, mw_Slot *s) {
  Table *h = gco2t(s->o);
  uint32_t id = s->id;
  Table *left = NULL;
  mw_Links w;
  mw_startlinks(&w, s->o);
  while (mw_nextlink(&w)) {
    if (w.link == MW_LINK_META)
      setpvalue(&w.e.k, (void *)&mw_metakey);
    if (!putentry(L, f, h, id, &w.e.k, &w.e.v)) {
      if (left == NULL) {
        left = luaH_new(L);
        sethvalue(L, &w.e.v, left);
        mw_setof(L, mw_S.pending, s->o, &w.e.v);
      }
      setivalue(&w.e.v, MW_CHANGED);
      mw_rawset(L, left, &w.e.k, &w.e.v);
    }
  }
  setstate(s, left != NULL ? MW_ST_PART : MW_ST_OLD);
}


enum { PASS_ADD = MW_ADDED, PASS_CHANGE = MW_CHANGED, PASS_DELETE };

/*
** Hands over changed entries of a table: those that the pass is for (all if
** it is 0). Returns the number of entries that are left.
*/
static unsigned int putchanges (lua_State *L, Flush *f, Table *h, Table *set,
                                int pass) {
  uint32_t id = mw_idof(h);
  unsigned int left = 0;
  TValue v;
  mw_Entries e;
  e.i = 0;
  while (mw_entries(set, &e)) {
    int kind;
    valueof(h, &e.k, &v);
    kind = ttisnil(&v) ? PASS_DELETE : (int)ivalue(&e.v);
    if (kind == PASS_DELETE && ivalue(&e.v) == MW_ADDED)
      ;  /* added and deleted again: the store never saw it */
    else if (pass != 0 && kind != pass) {
      left++;
      continue;
    }
    else if (!putentry(L, f, h, id, &e.k, &v)) {
      setivalue(&v, MW_CHANGED);  /* who knows */
      mw_rawset(L, set, &e.k, &v);
      left++;
      continue;
    }
    setnilvalue(&v);
    mw_rawset(L, set, &e.k, &v);
  }
  return left;
}


static void settle (lua_State *L, GCObject *o) {
  mw_unsetof(L, mw_S.pending, o);
}


/*
** What is new: nothing that the store has links to it yet. So this comes
** first, and nothing else if anything of it failed.
*/
static void putnews (lua_State *L, Flush *f) {
  size_t i, left = 0;
  uint32_t id;
  for (i = 0; i < mw_S.news.n; i += sizeof(id)) {
    GCObject *o;
    mw_Slot *slot;
    int done = 1;
    memcpy(&id, mw_S.news.data + i, sizeof(id));
    o = mw_object(id);
    if (o == NULL)  /* collected meanwhile */
      continue;
    slot = mw_slotof(o);  /* (the map does not change in here) */
    if ((slot->state & MW_ST_MASK) == MW_ST_OLD)
      continue;
    if (o->tt == LUA_VTABLE) {
      if ((slot->state & MW_ST_MASK) == MW_ST_NEW)
        putnewtable(L, f, slot);
      else if (putchanges(L, f, gco2t(o), mw_tableof(mw_S.pending, o), 0) == 0) {
        setstate(slot, MW_ST_OLD);
        settle(L, o);
      }
      done = ((slot->state & MW_ST_MASK) == MW_ST_OLD);
    }
    else if ((done = putobject(L, f, o)) != 0)
      setstate(slot, MW_ST_OLD);
    if (!done) {
      memmove(mw_S.news.data + left, &id, sizeof(id));
      left += sizeof(id);
    }
  }
  mw_S.news.n = left;
}


/*
** What has changed: first what is added, then what takes something else's
** place, then deletions, so that what moves is not lost on the way.
*/
static void putpending (lua_State *L, Flush *f) {
  int pass;
  for (pass = PASS_ADD; pass <= PASS_DELETE && !f->failed; pass++) {
    mw_Entries e;
    e.i = 0;
    while (mw_entries(mw_S.pending, &e)) {
      GCObject *o = gcvalue(&e.k);
      if (ttistable(&e.v)) {
        if (putchanges(L, f, gco2t(o), hvalue(&e.v), pass) == 0)
          settle(L, o);
      }
      else if (pass == PASS_CHANGE && putobject(L, f, o))
        settle(L, o);
    }
  }
}


/*
** Coroutines, and cells that were open: nothing tells when such a variable
** changes. What has changed is noted; what can't be persisted is refused.
*/
static void lookatwatched (lua_State *L, Flush *f) {
  size_t i, left = 0;
  for (i = 0; i < mw_S.watched.n; i += sizeof(mw_Watch)) {
    mw_Watch w;
    GCObject *o;
    int c = 1;
    memcpy(&w, mw_S.watched.data + i, sizeof(w));
    o = mw_object(w.id);
    if (o == NULL || (o->tt != LUA_VUPVAL && o->tt != LUA_VTHREAD))
      continue;  /* collected meanwhile */
    if (o->tt == LUA_VUPVAL)
      c = mw_trypromote(L, o, MW_LINK_NONE, NULL, gco2upv(o)->v.p);
    else if (mw_slotof(o)->state & MW_ST_RAN)
      c = mw_trythread(L, gco2th(o));
    if (c == 0)
      continue;  /* nothing stored has it any more */
    if (c > 0 && o->tt == LUA_VUPVAL) {
      uint64_t hash;
      hash = mw_cellhash(gco2upv(o));
      if (hash != w.hash) {
        mw_noteobject(L, o);
        w.hash = hash;
      }
      if (!upisopen(gco2upv(o)))
        continue;  /* from now on the barrier sees all */
    }
    else if (c < 0) {
      if (f->refused)
        L->top.p--;  /* the first message is enough */
      f->refused = 1;
    }
    memmove(mw_S.watched.data + left, &w, sizeof(w));
    left += sizeof(w);
  }
  mw_S.watched.n = left;
}


/* a key that the store has of a weak table */
static void lookatkey (lua_State *L, mw_Keys *w) {
  Table *h = (Table *)w->ud;
  TValue k;
  if (mw_decodekey(L, &w->key, &k) && !mw_haskey(h, &k))
    mw_notekey(L, h, &k, MW_CHANGED);
}


/*
** Notes what weak tables have lost to the collector.
*/
static void lookatweak (lua_State *L) {
  uint32_t i;
  TValue mode;
  mw_Keys w;
  w.b = &mw_scratch(WEAK);
  w.visit = lookatkey;
  setsvalue(L, &mode, G(L)->tmname[TM_MODE]);
  for (i = 0; i < mw_S.byobj.size; i++) {
    const mw_Slot *s = &mw_S.byobj.slots[i];
    Table *h;
    if (s->o == NULL || s->o->tt != LUA_VTABLE || s->state != MW_ST_OLD ||
        isdead(G(L), s->o))
      continue;
    h = gco2t(s->o);
    if (h->metatable == NULL || mw_shell(h) ||
        !mw_haskey(h->metatable, &mode))
      continue;
    w.id = s->id;
    w.ud = h;
    w.begun = 0;
    while (!mw_store_walk(L, &w))
      ;  /* (what can't be read is left as it is) */
  }
  mw_cleared = 0;
}


/*
** Compiled texts are kept up to here: there may be more functions of them.
*/
static void dropchunks (lua_State *L) {
  mw_Entries e;
  e.i = 0;
  while (mw_entries(mw_S.chunks, &e)) {
    setnilvalue(&e.v);
    mw_rawset(L, mw_S.chunks, &e.k, &e.v);
  }
}


static void handover (lua_State *L, Flush *f) {
  mw_unnote();
  if (mw_S.counterdirty && !putcounter(L, f))
    fail(L, f, obj2gco(mw_S.root), MW_LINK_NONE, NULL);
  else
    putnews(L, f);
}


int mw_store_handnew (lua_State *L) {
  Flush f = {0, 0, 0};
  mw_closure_abandon();
  handover(L, &f);
  return !f.failed;
}


int mw_store_flush (lua_State *L) {
  Flush f = {0, 0, 0};
  mw_unnote();
  mw_closure_abandon();
  lookatwatched(L, &f);
  if (mw_cleared & MW_STOREDBIT)
    lookatweak(L);
  handover(L, &f);
  if (!f.failed)
    putpending(L, &f);
  dropchunks(L);
  mw_unnote();
  return (f.failed || f.refused) ? -1 : f.n;
}
