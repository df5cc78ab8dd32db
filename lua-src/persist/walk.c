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

int mw_rawget (Table *t, const TValue *k, TValue *v) {
  const TValue *slot = luaH_get(t, k);
  if (isempty(slot))
    return 0;
  setobj(NOSTATE, v, slot);
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

int mw_rawget (Table *t, const TValue *k, TValue *v) {
  return !tagisempty(luaH_get(t, k, v));
}

#endif


int mw_entries (const Table *t, unsigned int *i, TValue *k, TValue *v) {
  unsigned int asize = arraysize(t);
  for (; *i < asize; (*i)++) {
    if (getarray(t, *i, v)) {
      ++*i;
      setivalue(k, *i);
      return 1;
    }
  }
  for (; *i - asize < (unsigned int)sizenode(t); (*i)++) {
    Node *n = gnode(t, *i - asize);
    if (!isempty(gval(n))) {
      getnodekey(NOSTATE, k, n);
      setobj(NOSTATE, v, gval(n));
      (*i)++;
      return 1;
    }
  }
  return 0;
}


void mw_rawset (lua_State *L, Table *t, const TValue *k, TValue *v) {
  luaH_set(L, t, k, v);
  luaC_barrierback(L, obj2gco(t), v);
}


int mw_getof (Table *t, GCObject *o, TValue *v) {
  TValue k;
  setgcovalue(NOSTATE, &k, o);
  if (mw_rawget(t, &k, v))
    return 1;
  setnilvalue(v);
  return 0;
}


void mw_setof (lua_State *L, Table *t, GCObject *o, TValue *v) {
  TValue k;
  setgcovalue(L, &k, o);
  mw_rawset(L, t, &k, v);
}


Table *mw_storedmeta (Table *h) {
  TValue v;
  if (!mw_isshell(h))
    return h->metatable;
  mw_getof(mw_S.guards, obj2gco(h), &v);
  return ttistable(&v) ? hvalue(&v) : NULL;
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
  w->i = 0;
  w->meta = 1;
  if (o->tt == LUA_VTHREAD)
    mw_startslots(&w->slots, gco2th(o));
}


static int tablelink (mw_Links *w, int *link, TValue *key, TValue *v) {
  Table *h = gco2t(w->o);
  if (w->meta) {
    Table *mt = mw_storedmeta(h);
    w->meta = 0;
    if (mt != NULL) {
      sethvalue(NOSTATE, v, mt);
      setnilvalue(key);
      *link = MW_LINK_META;
      return 1;
    }
  }
  *link = MW_LINK_KEY;
  return mw_entries(h, &w->i, key, v);
}


int mw_nextlink (mw_Links *w, int *link, TValue *key, TValue *v) {
  mw_note(1);
  switch (w->o->tt) {
    case LUA_VTABLE:
      return tablelink(w, link, key, v);
    case LUA_VLCL: {
      LClosure *cl = gco2lcl(w->o);
      if (w->i >= cl->nupvalues)
        return 0;
      setgcovalue(NOSTATE, v, obj2gco(cl->upvals[w->i]));
      w->i++;
      *link = MW_LINK_UPVAL;
      setivalue(key, w->i);
      return 1;
    }
    case LUA_VTHREAD:
      if (!mw_nextslot(&w->slots, v))
        return 0;
      *link = MW_LINK_SLOT;
      setivalue(key, w->slots.o - gco2th(w->o)->stack.p);
      return 1;
    default:  /* cell or wrap function */
      if (w->i++ > 0)
        return 0;
      *link = MW_LINK_NONE;
      setnilvalue(key);
      setobj(NOSTATE, v, (w->o->tt == LUA_VCCL) ? &gco2ccl(w->o)->upvalue[0]
                                               : gco2upv(w->o)->v.p);
      return 1;
  }
}

/* }================================================================== */
