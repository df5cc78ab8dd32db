/*
** barrier.c
** The write barrier: what stored tables, functions and cells are about to
** change is checked, promoted and noted
*/

#include <string.h>

#include "ldo.h"
#include "lfunc.h"
#include "lstring.h"
#include "ltm.h"
#include "lvm.h"

#include "stored.h"


/*
** {==================================================================
** Notes
** ===================================================================
*/

/*
** Keys that are noted as changed (or whose table is all new), so that the
** next write to one of them is hardly dearer than a plain one. What is in
** here stays true until a flush, or until a table ends being stored.
*/
static struct Noted {
  const Table *h;
  size_t key;
} noted[1024];

static int anynoted;


/* a short string or a small integer as a number; 0 for other keys */
static inline size_t asword (const TValue *key) {
  if (ttisshrstring(key))
    return (size_t)tsvalue(key);  /* (even) */
  if (ttisinteger(key) && l_castS2U(ivalue(key)) < 0x40000000)
    return (size_t)ivalue(key) << 1 | 1;
  return 0;
}


/* where such a key of 'h' is, if it is in 'noted' */
static inline struct Noted *place (const Table *h, size_t key) {
  size_t i = key >> 1 ^ key >> 5 ^ (size_t)h >> 4;
  return &noted[i % (sizeof(noted) / sizeof(noted[0]))];
}


void mw_unnote (void) {
  mw_S.lastobj = NULL;
  if (anynoted)
    memset(noted, 0, sizeof(noted));
  anynoted = 0;
}


/*
** Set of changed keys of a stored table; NULL if it is all new.
*/
static Table *changes (lua_State *L, Table *h) {
  Table *set = NULL;
  if (h == mw_S.lastobj)
    return mw_S.lastset;
  if (!mw_isnew(h)) {
    set = mw_tableof(mw_S.pending, obj2gco(h));
    if (set == NULL) {
      set = luaH_new(L);
      sethvalue2s(L, L->top.p, set);  /* anchor (EXTRA_STACK) */
      L->top.p++;
      mw_setof(L, mw_S.pending, obj2gco(h), s2v(L->top.p - 1));
      L->top.p--;
    }
  }
  mw_S.lastobj = h;
  mw_S.lastset = set;
  return set;
}


void mw_notekey (lua_State *L, Table *h, const TValue *key, int how) {
  Table *set = changes(L, h);
  TValue v;
  if (set != NULL && !mw_haskey(set, key)) {
    setivalue(&v, how);
    mw_rawset(L, set, key, &v);
  }
  if (asword(key) != 0) {
    struct Noted *n = place(h, asword(key));
    n->h = h;
    n->key = asword(key);
    anynoted = 1;
  }
}


void mw_noteobject (lua_State *L, GCObject *o) {
  if (!mw_isnew(o)) {
    TValue v;
    setbtvalue(&v);
    mw_setof(L, mw_S.pending, o, &v);
  }
}


void mw_noteran (const lua_State *L) {
  mw_slotof(L)->state |= MW_ST_RAN;
}


int mw_isnoted (Table *h, const TValue *key) {
  Table *set;
  if (mw_isnew(h))
    return 1;
  set = mw_tableof(mw_S.pending, obj2gco(h));
  return set != NULL && mw_haskey(set, key);
}

/* }================================================================== */


/*
** {==================================================================
** Writes
** ===================================================================
*/

/*
** h[key] is about to become val. Keys that no table can have are left to
** the write itself.
*/
static void change (lua_State *L, Table *h, const TValue *key,
                    const TValue *val, int exists) {
  if (!exists) {
    if (ttisnil(val) || ttisnil(key) ||
        (ttisfloat(key) && luai_numisnan(fltvalue(key))))
      return;
    if (!mw_isplain(key)) {
      if (mw_detach(L, obj2gco(h)))
        return;
      mw_refusekey(L, obj2gco(h), key);
    }
  }
  if (!mw_isplain(val) &&
      !mw_promote(L, obj2gco(h), MW_LINK_KEY, key, val))
    return;
  mw_notekey(L, h, key, exists ? MW_CHANGED : MW_ADDED);
}


/*
** Does the store have an entry that could not be read? (Its key is not in
** memory then.)
*/
static int exists (lua_State *L, Table *h, const TValue *key) {
  return mw_haskey(h, key) || (mw_shell(h) && mw_hasentry(L, h, key));
}


__attribute__((noinline))
static const TValue *set (lua_State *L, Table *h, const TValue *key,
                          TValue *val) {
  const TValue *tm = NULL;
  sethvalue2s(L, L->top.p, h);  /* anchor (EXTRA_STACK) */
  L->top.p++;
  mw_load(L, h);
  if (exists(L, h, key))
    change(L, h, key, val, 1);
  else {
    Table *mt = mw_realmetatable(L, h);
    tm = fasttm(L, mt, TM_NEWINDEX);
    if (tm == NULL)
      change(L, h, key, val, 0);
  }
  if (tm == NULL) {
    luaH_set(L, h, key, val);
    invalidateTMcache(h);
    luaC_barrierback(L, obj2gco(h), val);
  }
  L->top.p--;
  return tm;
}


/* puts a value in place of another one; 0 if h[key] is absent */
static inline int replace (Table *h, const TValue *key, TValue *val) {
#if MW_LUA == 54
  const TValue *slot = ttisinteger(key) ? luaH_getint(h, ivalue(key))
                                        : luaH_getshortstr(h, tsvalue(key));
  if (isempty(slot))
    return 0;
  setobj2t(NOSTATE, cast(TValue *, slot), val);
  return 1;
#else
  lua_Unsigned u;
  if (!ttisinteger(key))
    return luaH_psetshortstr(h, tsvalue(key), val) == HOK;
  u = l_castS2U(ivalue(key)) - 1u;
  if (u < h->asize) {
    lu_byte *tag = getArrTag(h, u);
    if (tagisempty(*tag))
      return 0;
    fval2arr(h, u, tag, val);
    return 1;
  }
  return luaH_psetint(h, ivalue(key), val) == HOK;
#endif
}


const TValue *mw_set (lua_State *L, Table *h, const TValue *key,
                      TValue *val) {
  size_t k = asword(key);
  const struct Noted *n = place(h, k);
  if (n->h == h && n->key == k && mw_isplain(val) && replace(h, key, val)) {
    luaC_barrierback(L, obj2gco(h), val);
    return NULL;
  }
  return set(L, h, key, val);
}


void mw_beforerawset (lua_State *L, Table *h, const TValue *key,
                      const TValue *val) {
  mw_load(L, h);
  change(L, h, key, val, exists(L, h, key));
}


void mw_beforesetlist (lua_State *L, Table *h, StkId ra, int n,
                       unsigned int last) {
  for (; n > 0 && mw_isstored(h); n--) {
    TValue k;
    setivalue(&k, last--);
    mw_beforerawset(L, h, &k, s2v(ra + n));
  }
}


Table *mw_beforesetmetatable (lua_State *L, Table *h, Table *mt) {
  TValue k, v;
  mw_load(L, h);
  if (mt != NULL) {
    sethvalue(L, &v, mt);
    if (!mw_promote(L, obj2gco(h), MW_LINK_META, NULL, &v))
      return mt;
  }
  if (mw_shell(h) || h->metatable != mt) {
    setpvalue(&k, (void *)&mw_metakey);
    mw_notekey(L, h, &k, MW_CHANGED);
  }
  if (!mw_shell(h))
    return mt;
  if (mt == NULL)
    setbfvalue(&v);
  mw_setof(L, mw_S.guards, obj2gco(h), &v);
  return mw_shellmt;
}


void mw_beforesetupval (lua_State *L, UpVal *uv, const TValue *val) {
  if (mw_promote(L, obj2gco(uv), MW_LINK_NONE, NULL, val))
    mw_noteobject(L, obj2gco(uv));
}


void mw_beforejoin (lua_State *L, LClosure *cl, int n, UpVal *uv) {
  TValue k, v;
  setivalue(&k, n);
  setgcovalue(L, &v, obj2gco(uv));
  if (mw_promote(L, obj2gco(cl), MW_LINK_UPVAL, &k, &v))
    mw_noteobject(L, obj2gco(cl));
}

/* }================================================================== */
