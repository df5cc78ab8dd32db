/*
** walk.c
** Objects of a graph: what is in a table, the ids of what is stored, and
** what links to what
*/

#include <string.h>

#include "ldo.h"
#include "lmem.h"

#include "mwlimits.h"
#include "stored.h"


const char mw_metakey = 0;


/*
** {==================================================================
** Tables
** ===================================================================
*/

#if MW_LUA == 54

#define arraysize(t)	luaH_realasize(t)

static int getarray (const Table *t, unsigned int i, TValue *v) {
  if (isempty(&t->array[i]))
    return 0;
  setobj(NOSTATE, v, &t->array[i]);
  return 1;
}

#else

#define arraysize(t)	((t)->asize)

static int getarray (const Table *t, unsigned int i, TValue *v) {
  lu_byte tag = *getArrTag(t, i);
  if (tagisempty(tag))
    return 0;
  farr2val(t, i, tag, v);
  return 1;
}

const TValue *mw_rawget (Table *t, const TValue *k) {
  static TValue v;
  if (tagisempty(luaH_get(t, k, &v)))
    setempty(&v);
  return &v;
}

#endif


void mw_lookup (Table *t, const TValue *k, TValue *v) {
  setnilvalue(v);
  k = mw_rawget(t, k);
  if (!ttisnil(k))
    setobj(NOSTATE, v, k);
}


int mw_haskey (Table *t, const TValue *k) {
  return !ttisnil(mw_rawget(t, k));
}


int mw_entries (const Table *t, mw_Entries *e) {
  unsigned int asize = arraysize(t);
  for (;;) {
    unsigned int i = e->i++;
    if (i < asize) {
      if (getarray(t, i, &e->v)) {
        setivalue(&e->k, e->i);
        return 1;
      }
    }
    else if (i - asize < (unsigned int)sizenode(t)) {
      Node *n = gnode(t, i - asize);
      if (!isempty(gval(n))) {
        getnodekey(NOSTATE, &e->k, n);
        setobj(NOSTATE, &e->v, gval(n));
        return 1;
      }
    }
    else
      return 0;
  }
}


int mw_shell (const Table *h) {
  return mw_isshell(h);
}


void mw_rawset (lua_State *L, Table *t, const TValue *k, TValue *v) {
  luaH_set(L, t, k, v);
  luaC_barrierback(L, obj2gco(t), v);
}


const TValue *mw_getof (Table *t, GCObject *o) {
  TValue k;
  setgcovalue(NOSTATE, &k, o);
  return mw_rawget(t, &k);
}


Table *mw_tableof (Table *t, GCObject *o) {
  const TValue *v = mw_getof(t, o);
  return ttistable(v) ? hvalue(v) : NULL;
}


void mw_setof (lua_State *L, Table *t, GCObject *o, TValue *v) {
  TValue k;
  setgcovalue(L, &k, o);
  mw_rawset(L, t, &k, v);
}


void mw_unsetof (lua_State *L, Table *t, GCObject *o) {
  TValue nil;
  setnilvalue(&nil);
  mw_setof(L, t, o, &nil);
}


Table *mw_storedmeta (Table *h) {
  return mw_shell(h) ? mw_tableof(mw_S.guards, obj2gco(h)) : h->metatable;
}

/* }================================================================== */


/*
** {==================================================================
** Ids
** ===================================================================
*/

mw_Slot *mw_slotofobject (const GCObject *o) {
  return mw_map_find(&mw_S.byobj, o, 0);
}


uint32_t mw_idofobject (const GCObject *o) {
  return mw_slotof(o)->id;
}


int mw_isnewobject (const GCObject *o) {
  return (mw_slotof(o)->state & MW_ST_MASK) == MW_ST_NEW;
}


static int enter (GCObject *o, uint32_t id, uint32_t state) {
  mw_Slot *s = mw_map_find(&mw_S.byid, NULL, id);
  mw_Slot *t = mw_map_add(&mw_S.byobj, o, id);
  if (t == NULL)
    return 0;
  t->state = state;
  if (s == NULL && (s = mw_map_add(&mw_S.byid, NULL, id)) == NULL) {
    mw_map_remove(&mw_S.byobj, mw_slotof(o));
    return 0;
  }
  s->o = o;  /* (instead of an object that is as good as collected) */
  o->marked |= MW_STOREDBIT;
  return 1;
}


uint32_t mw_newid (GCObject *o) {
  uint32_t id = mw_S.next;
  lua_assert(mw_S.counterknown);
  if (id == MW_MAXID || id == UINT32_MAX ||
      !mw_buf_tryreserve(&mw_S.news, sizeof(id)) ||
      (o != NULL && !enter(o, id, MW_ST_NEW)))
    return 0;
  if (o != NULL) {
    memcpy(mw_S.news.data + mw_S.news.n, &id, sizeof(id));
    mw_S.news.n += sizeof(id);
  }
  mw_S.next++;
  mw_S.counterdirty = 1;
  return id;
}


void mw_adopt (lua_State *L, GCObject *o, uint32_t id) {
  if (!enter(o, id, MW_ST_OLD))
    luaM_error(L);
}


void mw_forget (GCObject *o) {
  mw_Slot *s = mw_slotof(o);
  mw_Slot *byid = mw_map_find(&mw_S.byid, NULL, s->id);
  if (byid != NULL && byid->o == o)
    mw_map_remove(&mw_S.byid, byid);
  mw_map_remove(&mw_S.byobj, s);
  o->marked &= (lu_byte)~MW_STOREDBIT;
  if (o->tt == LUA_VTABLE)
    mw_unnote();
}


void mw_freed (GCObject *o) {
  if (mw_slotof(o) != NULL)
    mw_forget(o);
}


/*
** An object that is dead but not swept yet is as good as gone: what it
** refers to may be swept already.
*/
GCObject *mw_object (uint32_t id) {
  mw_Slot *s = mw_map_find(&mw_S.byid, NULL, id);
  if (s == NULL || isdead(G(mw_S.L), s->o))
    return NULL;
  return s->o;
}

/* }================================================================== */


/*
** {==================================================================
** Links
** ===================================================================
*/

int mw_tagof (const GCObject *o) {
  switch (o->tt) {
    case LUA_VTABLE: return MW_TAG_STORED;
    case LUA_VLCL: return MW_TAG_CLOSURE;
    case LUA_VTHREAD: return MW_TAG_THREAD;
    case LUA_VCCL: return MW_TAG_WRAP;
    default: return MW_TAG_CELL;
  }
}


void mw_startlinks (mw_Links *w, GCObject *o) {
  w->o = o;
  w->e.i = 0;
  w->meta = 1;
  if (o->tt == LUA_VTHREAD)
    mw_startslots(&w->slots, gco2th(o));
}


static int tablelink (mw_Links *w) {
  Table *h = gco2t(w->o);
  if (w->meta) {
    Table *mt = mw_storedmeta(h);
    w->meta = 0;
    if (mt != NULL) {
      sethvalue(NOSTATE, &w->e.v, mt);
      w->link = MW_LINK_META;
      return 1;
    }
  }
  w->link = MW_LINK_KEY;
  return mw_entries(h, &w->e);
}


int mw_nextlink (mw_Links *w) {
  mw_note(1);
  setnilvalue(&w->e.k);
  switch (w->o->tt) {
    case LUA_VTABLE:
      return tablelink(w);
    case LUA_VLCL: {
      LClosure *cl = gco2lcl(w->o);
      if (w->e.i >= cl->nupvalues)
        return 0;
      setgcovalue(NOSTATE, &w->e.v, obj2gco(cl->upvals[w->e.i]));
      w->e.i++;
      w->link = MW_LINK_UPVAL;
      setivalue(&w->e.k, w->e.i);
      return 1;
    }
    case LUA_VTHREAD:
      if (!mw_nextslot(&w->slots, &w->e.v))
        return 0;
      w->link = MW_LINK_SLOT;
      setivalue(&w->e.k, w->slots.o - gco2th(w->o)->stack.p);
      return 1;
    default:  /* cell or wrap function */
      w->link = MW_LINK_NONE;
      if (w->e.i++ > 0)
        return 0;
      setobj(NOSTATE, &w->e.v, (w->o->tt == LUA_VCCL) ? &gco2ccl(w->o)->upvalue[0]
                                                     : gco2upv(w->o)->v.p);
      return 1;
  }
}

/* }================================================================== */
