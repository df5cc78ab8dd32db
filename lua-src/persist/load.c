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


int mw_readvalue (lua_State *L, uint32_t id, const void *key, size_t klen,
                  TValue *res) {
  mw_Reader r;
  int ok = 1;
  setnilvalue(res);
  if (mw_store_get(L, id, key, klen, &value)) {
    mw_reader(&r, &value);
    ok = mw_decodevalue(L, &r, res);
  }
  return ok;
}


/*
** Reads the metatable that the store has for a table (NULL: none).
*/
static int readmeta (lua_State *L, uint32_t id, Table **mt) {
  mw_Reader r;
  TValue v;
  *mt = NULL;
  if (!mw_store_get(L, id, metakey, sizeof(metakey), &value))
    return 1;
  mw_reader(&r, &value);
  if (!mw_read_header(&r, MW_TAG_META) || !mw_decodevalue(L, &r, &v))
    return 0;
  if (!ttistable(&v))
    return mw_badvalue("damaged: not a table");
  *mt = hvalue(&v);
  return 1;
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
  int ok;  /* could it be read? */
  int meta;  /* is there a metatable? */
  TValue badkey;  /* the first entry that could not */
  int badlink;
} Look;


/*
** Reads the entries of a table, those that are not in memory if it is done
** 'again'.
*/
static void readentries (lua_State *L, Look *l, int again) {
  Table *h = l->h;
  uint32_t id = mw_idof(h);
  mw_Reader r, key;
  TValue k, v;
  int n = mw_store_keys(L, id, &keys, &r);
  l->ok = (n >= 0);
  l->meta = 0;
  l->badlink = MW_LINK_NONE;
  mw_S.whykept = (lu_byte)!l->ok;
  if (n > 0 && !again)
    presize(L, h, r, (unsigned int)n);
  while (mw_store_nextkey(&r, &key)) {
    const unsigned char *s = key.p;
    size_t len = (size_t)(key.end - key.p);
    int c = mw_decodekey(L, &key, &k);
    if (c < 0)
      l->meta |= (len == 1 && *s == MW_TAG_META);
    else if (c > 0 && again && (mw_rawget(h, &k, &v) || mw_isnoted(h, &k)))
      ;  /* memory is right */
    else if (c > 0 && mw_readvalue(L, id, s, len, &v)) {
      if (!ttisnil(&v))
        mw_rawset(L, h, &k, &v);
    }
    else if (l->ok) {
      l->ok = 0;
      mw_S.whykept = 1;
      if (c > 0) {
        l->badlink = MW_LINK_KEY;
        setobj(L, &l->badkey, &k);
      }
    }
  }
  invalidateTMcache(h);
  mw_S.whykept = 0;
}


static void loadone (lua_State *L, size_t at) {
  Look l;
  Table *mt;
  l.h = item(at)->h;
  readentries(L, &l, 0);
  item(at)->bad = !l.ok;
  if (!l.meta)
    return;
  if (!readmeta(L, mw_idof(l.h), &mt))
    item(at)->badmt = 1;
  else if (mt != NULL) {
    item(at)->mt = mt;
    if (mt->metatable == mw_shellmt &&
        !(mw_slotof(mt)->state & MW_ST_GUARDED))
      addtodo(L, mt);
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
  return mw_isshell(h) && (mw_slotof(h)->state & MW_ST_GUARDED);
}


/*
** A table is guarded, too, if its metatable is: the VM looks for
** metamethods without further ado. Everything is a shell up to here, so an
** error before leaves nothing half loaded.
*/
static void finish (lua_State *L) {
  size_t i;
  for (i = 0; i < nitems; i++) {
    Item *it = item(i);
    if (it->bad || it->badmt)
      setguard(L, it->h, it->mt, it->badmt);
  }
  for (i = 0; i < nitems; i++) {
    Item *it = item(i);
    if (it->bad || it->badmt)
      continue;
    if (it->mt != NULL && isguarded(it->mt)) {
      setguard(L, it->h, it->mt, 0);
      it->bad = 1;
    }
  }
  for (i = 0; i < nitems; i++) {
    if (!item(i)->bad && !item(i)->badmt)
      setloaded(L, item(i)->h, item(i)->mt);
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
  if (!isguarded(h))
    mw_work(L, load, h);
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
  l->ok = 1;
  mw_key.n = 0;
  if (mw_isnoted(l->h, l->key) || !mw_encode_scalar(L, &mw_key, l->key))
    return;  /* memory is right */
  l->ok = mw_readvalue(L, mw_idof(l->h), mw_key.data, mw_key.n, &v);
  l->found = !l->ok || !ttisnil(&v);
  if (l->ok && l->found) {
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
  TValue v;
  mw_load(L, h);
  if (!mw_rawget(h, key, &v)) {
    Look l;
    if (!mw_isshell(h))
      return 0;
    l.h = h;
    l.key = key;
    mw_work(L, lookfor, &l);
    if (!l.ok)
      mw_raiseat(L, obj2gco(h), MW_LINK_KEY, key, mw_S.why);
    if (!mw_rawget(h, key, &v))
      return 0;
  }
  if (res != NULL)
    setobj(L, res, &v);
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
  if (mw_getmissing(L, h, key, s2v(val)))
    return ttypetag(s2v(val));
  tm = fasttm(L, mw_metatable(L, h), TM_INDEX);
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
  TValue g;
  Table *mt;
  readentries(L, l, 1);
  mw_getof(mw_S.guards, obj2gco(h), &g);
  if (!ttistrue(&g))
    return;
  mw_S.whykept = (lu_byte)!l->ok;
  if (readmeta(L, mw_idof(h), &mt))
    setguard(L, h, mt, 0);
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
    mw_touch(L, mt);
    if (mw_isshell(mt))
      return 1;  /* the guard is for its sake */
  }
  mw_slotof(l->h)->state &= ~(uint32_t)MW_ST_GUARDED;
  setloaded(L, l->h, mt);
  return 1;
}


void mw_beforenext (lua_State *L, Table *h, const TValue *key) {
  mw_load(L, h);
  if (mw_isshell(h) && ttisnil(key)) {
    Look l;
    l.h = h;
    lookagain(L, &l);  /* what is bad now will be reported at the end */
  }
}


void mw_afternext (lua_State *L, Table *h) {
  Look l;
  l.h = h;
  setnilvalue(&l.badkey);
  if (!lookagain(L, &l))
    mw_raiseat(L, obj2gco(h), l.badlink, &l.badkey, mw_S.why);
}


typedef struct Meta {
  Table *h;
  Table *mt;
  int ok;
} Meta;

static void lookformeta (lua_State *L, void *ud) {
  Meta *m = (Meta *)ud;
  m->ok = readmeta(L, mw_idof(m->h), &m->mt);
  if (m->ok)
    setguard(L, m->h, m->mt, 0);
}


Table *mw_realmetatable (lua_State *L, Table *h) {
  TValue g;
  Table *mt = NULL;
  mw_load(L, h);
  if (!mw_isshell(h))
    return h->metatable;
  mw_getof(mw_S.guards, obj2gco(h), &g);
  if (ttistable(&g))
    mt = hvalue(&g);
  else if (ttistrue(&g)) {
    Meta m;
    m.h = h;
    mw_work(L, lookformeta, &m);
    if (!m.ok)
      mw_raiseat(L, obj2gco(h), MW_LINK_META, NULL, mw_S.why);
    mt = m.mt;
  }
  if (mt != NULL) {
    mw_touch(L, mt);
    if (mw_isshell(mt))
      mw_afternext(L, mt);  /* raises an error if anything in it is bad */
  }
  return mt;
}

/* }================================================================== */
