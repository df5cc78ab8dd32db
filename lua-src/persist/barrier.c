/*
** barrier.c
** The write barrier: what stored tables, functions and cells are about to
** change is checked, promoted and noted
*/

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
** Set of changed keys of a stored table; NULL if it is all new.
*/
static Table *changes (lua_State *L, Table *h) {
  TValue k, v;
  Table *set = NULL;
  if (h == mw_S.lastobj)
    return mw_S.lastset;
  if ((mw_slotof(h)->state & MW_ST_MASK) != MW_ST_NEW) {
    sethvalue(L, &k, h);
    if (mw_rawget(mw_S.pending, &k, &v))
      set = hvalue(&v);
    else {
      set = luaH_new(L);
      sethvalue2s(L, L->top.p, set);  /* anchor (EXTRA_STACK) */
      L->top.p++;
      mw_rawset(L, mw_S.pending, &k, s2v(L->top.p - 1));
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
  if (set != NULL && !mw_rawget(set, key, &v)) {
    setivalue(&v, how);
    mw_rawset(L, set, key, &v);
  }
}


void mw_noteobject (lua_State *L, GCObject *o) {
  if ((mw_slotof(o)->state & MW_ST_MASK) != MW_ST_NEW) {
    TValue k, v;
    setgcovalue(L, &k, o);
    setbtvalue(&v);
    mw_rawset(L, mw_S.pending, &k, &v);
  }
}


int mw_isnoted (Table *h, const TValue *key) {
  TValue k, v;
  if ((mw_slotof(h)->state & MW_ST_MASK) == MW_ST_NEW)
    return 1;
  sethvalue(NOSTATE, &k, h);
  return mw_rawget(mw_S.pending, &k, &v) && mw_rawget(hvalue(&v), key, &v);
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
    if (!ttisstring(key) && !ttisnumber(key) && !ttisboolean(key)) {
      if (mw_detach(L, obj2gco(h)))
        return;
      luaO_pushfstring(L, "cannot persist a key that is a %s",
                          ttypename(ttype(key)));
      mw_raiseat(L, obj2gco(h), MW_LINK_NONE, NULL,
                 getstr(tsvalue(s2v(L->top.p - 1))));
    }
  }
  if ((ttype(val) > LUA_TSTRING || ttype(val) == LUA_TLIGHTUSERDATA) &&
      !mw_promote(L, obj2gco(h), MW_LINK_KEY, key, val))
    return;
  mw_notekey(L, h, key, exists ? MW_CHANGED : MW_ADDED);
}


/*
** Does the store have an entry that could not be read? (Its key is not in
** memory then.)
*/
static int exists (lua_State *L, Table *h, const TValue *key) {
  TValue v;
  if (mw_rawget(h, key, &v))
    return 1;
  return mw_isshell(h) && mw_hasentry(L, h, key);
}


/*
** Is there nothing to do for that write? A plain value, to a table that is
** all new or to a key that is noted already. (Only for the table that the
** barrier has seen last, which in a loop it is.)
*/
static int isnoted (Table *h, const TValue *key, const TValue *val) {
#if MW_LUA == 54
#define hasentry(t,k)	(!isempty(luaH_get(t, k)))
#else
  TValue v;
#define hasentry(t,k)	(!tagisempty(luaH_get(t, k, &v)))
#endif
  return h == mw_S.lastobj && ttype(val) <= LUA_TSTRING &&
         ttype(val) != LUA_TLIGHTUSERDATA &&
         (mw_S.lastset != NULL ? hasentry(mw_S.lastset, key)
          : ttisstring(key) || ttisnumber(key)) &&
         !mw_isshell(h);
}


const TValue *mw_set (lua_State *L, Table *h, const TValue *key,
                      TValue *val) {
  const TValue *tm = NULL;
  int noted = isnoted(h, key, val);
  sethvalue2s(L, L->top.p, h);  /* anchor (EXTRA_STACK) */
  L->top.p++;
  mw_touch(L, h);
  if (exists(L, h, key)) {
    if (!noted)
      change(L, h, key, val, 1);
  }
  else {
    Table *mt = mw_metatable(L, h);
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


void mw_beforerawset (lua_State *L, Table *h, const TValue *key,
                      const TValue *val) {
  mw_touch(L, h);
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
  mw_touch(L, h);
  if (mt != NULL) {
    sethvalue(L, &v, mt);
    if (!mw_promote(L, obj2gco(h), MW_LINK_META, NULL, &v))
      return mt;
  }
  if (mw_isshell(h) || h->metatable != mt) {
    setpvalue(&k, (void *)&mw_metakey);
    mw_notekey(L, h, &k, MW_CHANGED);
  }
  if (!mw_isshell(h))
    return mt;
  sethvalue(L, &k, h);
  if (mt == NULL)
    setbfvalue(&v);
  mw_rawset(L, mw_S.guards, &k, &v);
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
