/*
** load.c
** Loading: stored tables come into memory as shells, and are filled when
** they are first touched. A table with entries that can't be read stays
** guarded: it keeps the metatable of shells, so that what is not in it is
** looked for in the store again, and the error is raised there.
*/

#include <string.h>

#include "ldebug.h"
#include "ldo.h"
#include "lstring.h"
#include "ltm.h"
#include "lvm.h"

#include "stored.h"


static const unsigned char metakey[] = {MW_TAG_META};


/*
** {==================================================================
** Tables
** ===================================================================
*/

/* a table that is being loaded */
typedef struct Item {
  Table *h;
  Table *mt;
  int bad;  /* are there entries that can't be read? */
  int badmt;
} Item;

#define todo	mw_scratch(TODO)  /* of Items */
#define keys	mw_scratch(KEYS)
#define value	mw_scratch(VALUE)

#define item(i)		(((Item *)(void *)todo.data) + (i))
#define nitems		(todo.n / sizeof(Item))


static void addtodo (lua_State *L, Table *h) {
  size_t i;
  Item *it;
  for (i = nitems; i > 0; i--) {
    if (item(i - 1)->h == h)
      return;
  }
  mw_buf_reserve(L, &todo, sizeof(Item));
  it = item(nitems);
  it->h = h;
  it->mt = NULL;
  it->bad = it->badmt = 0;
  todo.n += sizeof(Item);
}


void mw_readvalue (lua_State *L, uint32_t id, const void *key, size_t klen,
                   TValue *res) {
  mw_Reader r;
  setnilvalue(res);
  if (mw_store_get(L, id, key, klen, &value)) {
    mw_reader(&r, value.data, value.n);
    mw_decodevalue(L, &r, res);
  }
}


/* a table, and its metatable (NULL: none) */
typedef struct Meta {
  Table *h;
  Table *mt;
} Meta;

/* reads the metatable that the store has for a table */
static void readmeta (lua_State *L, void *ud) {
  Meta *m = (Meta *)ud;
  mw_Reader r;
  TValue v;
  m->mt = NULL;
  if (!mw_store_get(L, mw_idof(m->h), metakey, sizeof(metakey), &value))
    return;
  mw_reader(&r, value.data, value.n);
  mw_read_header(&r, MW_TAG_META);
  mw_decodevalue(L, &r, &v);
  if (!ttistable(&v))
    mw_damaged("not a table");
  m->mt = hvalue(&v);
}


/*
** Room for the 'n' keys that 'r' has yet: those up to as many as there are
** integer keys up to 'n' go to the array part, which they fill then.
*/
static void presize (lua_State *L, Table *h, mw_Reader r, unsigned int n) {
  unsigned int asize = 0;
  mw_Reader key;
  while (mw_store_nextkey(&r, &key)) {
    if (key.end - key.p == 9 && *key.p++ == MW_TAG_INTEGER &&
        mw_read_u64(&key) - 1 < n)
      asize++;
  }
  luaH_resize(L, h, asize, n - asize);
}


/* what was looked for in the store */
typedef struct Look {
  Table *h;
  const TValue *key;
  int found;  /* does the store have the entry? */
  int ok;  /* could all be read? */
  int again;  /* only what is not in memory? */
  int meta;  /* is there a metatable? */
  TValue badkey;  /* the first entry that could not be read */
  int badlink;
  TValue k;  /* the entry that is being read */
  int link;
} Look;


static void readentry (lua_State *L, mw_Keys *w) {
  Look *l = (Look *)w->ud;
  const unsigned char *s = w->key.p;
  size_t len = (size_t)(w->key.end - s);
  TValue v;
  if (!l->again && w->n > 0) {  /* the first one? */
    mw_Reader r = w->r;
    r.p = s - 4;
    presize(L, l->h, r, w->n);
    w->n = 0;
  }
  l->link = MW_LINK_NONE;
  if (!mw_decodekey(L, &w->key, &l->k)) {
    l->meta |= (len == 1 && *s == MW_TAG_META);
    return;
  }
  l->link = MW_LINK_KEY;
  if (l->again && (mw_haskey(l->h, &l->k) || mw_isnoted(l->h, &l->k)))
    return;  /* memory is right */
  mw_readvalue(L, w->id, s, len, &v);
  if (!ttisnil(&v))
    mw_rawset(L, l->h, &l->k, &v);
}


/*
** Reads the entries of a table, those that are not in memory if it is done
** 'again'.
*/
static void readentries (lua_State *L, Look *l, int again) {
  mw_Keys w;
  w.id = mw_idof(l->h);
  w.b = &keys;
  w.visit = readentry;
  w.ud = l;
  w.begun = 0;
  l->ok = 1;
  l->again = again;
  l->meta = 0;
  l->link = l->badlink = MW_LINK_NONE;
  while (!mw_store_walk(L, &w)) {
    if (l->ok) {
      l->ok = 0;
      mw_S.whykept = 1;
      l->badlink = l->link;
      setobj(L, &l->badkey, &l->k);
    }
  }
  invalidateTMcache(l->h);
  mw_S.whykept = 0;
}


static void loadone (lua_State *L, size_t at) {
  Look l;
  Meta m;
  l.h = m.h = item(at)->h;
  setnilvalue(&l.k);
  readentries(L, &l, 0);
  item(at)->bad = !l.ok;
  if (!l.meta)
    return;
  item(at)->badmt = !mw_try(L, readmeta, &m);
  if (!item(at)->badmt && m.mt != NULL) {
    item(at)->mt = m.mt;
    if (m.mt->metatable == mw_shellmt &&
        !(mw_slotof(m.mt)->state & MW_ST_GUARDED))
      addtodo(L, m.mt);
  }
}


static void setguard (lua_State *L, Table *h, Table *mt, int badmt) {
  TValue v;
  if (mt != NULL) {
    sethvalue(L, &v, mt);
  }
  else if (badmt)
    setbtvalue(&v);
  else
    setbfvalue(&v);
  mw_setof(L, mw_S.guards, obj2gco(h), &v);
  mw_slotof(h)->state |= MW_ST_GUARDED;
}


static void setloaded (lua_State *L, Table *h, Table *mt) {
  h->metatable = mt;
  if (mt != NULL) {
    luaC_objbarrier(L, h, mt);
    luaC_checkfinalizer(L, obj2gco(h), mt);
  }
}


static int isguarded (Table *h) {
  return mw_shell(h) && (mw_slotof(h)->state & MW_ST_GUARDED);
}


/*
** A table is guarded, too, if its metatable is: the VM looks for
** metamethods without further ado. Everything is a shell up to here, so an
** error before leaves nothing half loaded.
*/
static void finish (lua_State *L) {
  size_t i;
  int pass;
  for (pass = 0; pass < 3; pass++) {
    for (i = 0; i < nitems; i++) {
      Item *it = item(i);
      int bad = it->bad | it->badmt;
      if (pass == 2) {
        if (!bad)
          setloaded(L, it->h, it->mt);
      }
      else if ((pass == 0) ? bad
                           : !bad && it->mt != NULL && isguarded(it->mt)) {
        setguard(L, it->h, it->mt, it->badmt);
        it->bad = 1;
      }
    }
  }
}


static void load (lua_State *L, void *ud) {
  size_t i;
  todo.n = 0;
  addtodo(L, (Table *)ud);
  for (i = 0; i < nitems; i++)
    loadone(L, i);
  finish(L);
}


void mw_load (lua_State *L, Table *h) {
  if (mw_isshell(h) && !isguarded(h))
    mw_work(L, load, h);
}


void mw_loadwhole (lua_State *L, Table *h) {
  mw_load(L, h);
  if (mw_shell(h))
    mw_afternext(L, h);
}

/* }================================================================== */


/*
** {==================================================================
** Guarded tables
** ===================================================================
*/

/*
** Looks in the store for an entry that is not in memory. What can be read
** by now (a permanent was declared, say) goes into the table.
*/
static void lookfor (lua_State *L, void *ud) {
  Look *l = (Look *)ud;
  TValue v;
  l->found = 0;
  mw_key.n = 0;
  if (mw_isnoted(l->h, l->key) || !mw_encode_scalar(L, &mw_key, l->key))
    return;  /* memory is right */
  l->found = 1;  /* (even if it is bad) */
  mw_readvalue(L, mw_idof(l->h), mw_key.data, mw_key.n, &v);
  l->found = !ttisnil(&v);
  if (l->found) {
    mw_rawset(L, l->h, l->key, &v);
    invalidateTMcache(l->h);
  }
}


int mw_hasentry (lua_State *L, Table *h, const TValue *key) {
  Look l;
  l.h = h;
  l.key = key;
  mw_work(L, lookfor, &l);
  return l.found;
}


int mw_getmissing (lua_State *L, Table *h, const TValue *key, TValue *res) {
  mw_load(L, h);
  if (!mw_haskey(h, key)) {
    Look l;
    if (!mw_shell(h))
      return 0;
    l.h = h;
    l.key = key;
    if (!mw_work(L, lookfor, &l))
      mw_raiseat(L, obj2gco(h), MW_LINK_KEY, key, mw_S.why);
    if (!l.found)
      return 0;
  }
  if (res != NULL)
    setobj(L, res, mw_rawget(h, key));
  return 1;
}


int mw_loader (lua_State *L) {
  luaG_runerror(L, "table not loaded");
}


int mw_finishget (lua_State *L, const TValue *t, const TValue *key,
                  StkId val) {
  Table *h = hvalue(t);
  ptrdiff_t result = savestack(L, val);  /* metamethods move the stack */
  const TValue *tm;
  Table *mt;
  if (mw_getmissing(L, h, key, s2v(val)))
    return ttypetag(s2v(val));
  mt = mw_realmetatable(L, h);
  tm = fasttm(L, mt, TM_INDEX);
  if (tm == NULL)
    setnilvalue(s2v(val));
  else if (ttisfunction(tm))
    luaT_callTMres(L, tm, t, key, val);
  else {
    luaE_incCstack(L);  /* guarded tables may form a loop */
#if MW_LUA == 54
    {
      const TValue *slot;
      if (luaV_fastget(L, tm, key, slot, luaH_get))
        setobj2s(L, val, slot)
      else
        luaV_finishget(L, tm, cast(TValue *, key), val, slot);
    }
#else
    {
      lu_byte tag;
      luaV_fastget(tm, key, s2v(val), luaH_get, tag);
      if (tagisempty(tag))
        luaV_finishget(L, tm, cast(TValue *, key), val, tag);
    }
#endif
    L->nCcalls--;
  }
  return ttypetag(s2v(restorestack(L, result)));
}


/*
** Reads all that is missing again, and ends the guard if nothing is bad
** any more; else 'badlink' and 'badkey' tell the first entry that is.
*/
static void lookforall (lua_State *L, void *ud) {
  Look *l = (Look *)ud;
  Table *h = l->h;
  Meta m;
  readentries(L, l, 1);
  if (!ttistrue(mw_getof(mw_S.guards, obj2gco(h))))
    return;
  mw_S.whykept = (lu_byte)!l->ok;
  m.h = h;
  if (mw_try(L, readmeta, &m))
    setguard(L, h, m.mt, 0);
  else if (l->ok) {
    l->ok = 0;
    l->badlink = MW_LINK_META;
  }
  mw_S.whykept = 0;
}


static int lookagain (lua_State *L, Look *l) {
  Table *mt;
  mw_work(L, lookforall, l);
  if (!l->ok)
    return 0;
  mt = mw_storedmeta(l->h);
  if (mt != NULL) {
    mw_load(L, mt);
    if (mw_shell(mt))
      return 1;  /* the guard is for its sake */
  }
  mw_slotof(l->h)->state &= ~(uint32_t)MW_ST_GUARDED;
  setloaded(L, l->h, mt);
  return 1;
}


void mw_beforenext (lua_State *L, Table *h, const TValue *key) {
  mw_load(L, h);
  if (mw_shell(h) && ttisnil(key)) {
    Look l;
    l.h = h;
    setnilvalue(&l.k);
    lookagain(L, &l);  /* what is bad now will be reported at the end */
  }
}


void mw_afternext (lua_State *L, Table *h) {
  Look l;
  l.h = h;
  setnilvalue(&l.k);
  if (!lookagain(L, &l))
    mw_raiseat(L, obj2gco(h), l.badlink, &l.badkey, mw_S.why);
}


static void lookformeta (lua_State *L, void *ud) {
  const Meta *m = (Meta *)ud;
  readmeta(L, ud);
  setguard(L, m->h, m->mt, 0);
}


Table *mw_realmetatable (lua_State *L, Table *h) {
  Table *mt;
  mw_load(L, h);
  mt = mw_storedmeta(h);
  if (!mw_shell(h))
    return mt;
  if (ttistrue(mw_getof(mw_S.guards, obj2gco(h)))) {
    Meta m;
    m.h = h;
    if (!mw_work(L, lookformeta, &m))
      mw_raiseat(L, obj2gco(h), MW_LINK_META, NULL, mw_S.why);
    mt = m.mt;
  }
  if (mt != NULL)
    mw_loadwhole(L, mt);
  return mt;
}

/* }================================================================== */
