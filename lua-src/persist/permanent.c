/*
** permanent.c
** What is stored by name: library tables, and what hosts and scripts
** declare. (Library functions are stored by their index, see registry.h.)
*/

#include <string.h>

#include "lauxlib.h"
#include "lstring.h"
#include "lualib.h"
#include "lvm.h"

#include "registry.h"
#include "stored.h"


/* name of what has none of its own: the metatable of strings */
#define STRINGMETA	"getmetatable('')"


/* names of a namer */
static Table *namesof (int namer) {
  TValue k, v;
  setivalue(&k, namer);
  mw_rawget(mw_S.names, &k, &v);
  return hvalue(&v);
}


TString *mw_permanent_record (const TValue *v) {
  TValue r;
  return mw_rawget(mw_S.values, v, &r) ? tsvalue(&r) : NULL;
}


int mw_permanent_find (lua_State *L, int namer, const char *name,
                       size_t len, TValue *res) {
  TValue k;
  if (namer == MW_BYRUNTIME || namer == MW_BYSCRIPT) {
    setsvalue(L, &k, luaS_newlstr(L, name, len));
    if (mw_rawget(namesof(namer), &k, res))
      return 1;
  }
  return mw_bad("there is no permanent named ", name, len);
}


/*
** Sets names[namer][name] and, unless the value has a name already, its
** record. Stack: the value on top.
*/
static void declare (lua_State *L, int namer, const char *name, size_t len) {
  mw_Buffer *b = &mw_S.key;
  const TValue *v = s2v(L->top.p - 1);
  TValue k, r, old;
  Table *names = namesof(namer);
  b->n = 0;
  mw_buf_addu8(L, b, MW_TAG_NAMED);
  mw_buf_addu8(L, b, MW_FORMAT);
  mw_buf_addu8(L, b, (unsigned int)namer);
  mw_buf_addu32(L, b, len);
  mw_buf_add(L, b, name, len);
  setsvalue2s(L, L->top.p, luaS_newlstr(L, (char *)b->data, b->n));
  L->top.p++;  /* anchor (EXTRA_STACK) */
  setobj(L, &r, s2v(L->top.p - 1));
  setsvalue2s(L, L->top.p, luaS_newlstr(L, name, len));
  L->top.p++;
  setobj(L, &k, s2v(L->top.p - 1));
  if (mw_rawget(names, &k, &old) && !luaV_rawequalobj(&old, v)) {
    TValue oldrecord;  /* the old value has lost its name */
    if (mw_rawget(mw_S.values, &old, &oldrecord) &&
        luaV_rawequalobj(&oldrecord, &r)) {
      setnilvalue(&oldrecord);
      mw_rawset(L, mw_S.values, &old, &oldrecord);
    }
  }
  setobj(L, &old, v);
  mw_rawset(L, names, &k, &old);
  if (mw_permanent_record(v) == NULL)
    mw_rawset(L, mw_S.values, v, &r);
  L->top.p -= 2;
}


void mw_permanent_set (lua_State *L, const char *name, size_t len) {
  declare(L, MW_BYSCRIPT, name, len);
  lua_pop(L, 1);
}


/* declares the value on top, which it pops, unless it is known already */
static void library (lua_State *L, const char *name) {
  if ((lua_istable(L, -1) ||
       (lua_iscfunction(L, -1) &&
        mw_registry_index(s2v(L->top.p - 1)) == MW_CFUNC_NONE)) &&
      mw_permanent_record(s2v(L->top.p - 1)) == NULL)
    declare(L, MW_BYRUNTIME, name, strlen(name));
  lua_pop(L, 1);
}


/*
** Stack: table of a library named 'name' on top. Its fields are named, too
** ('package.loaded').
*/
static void fields (lua_State *L, const char *name) {
  lua_pushnil(L);
  while (lua_next(L, -2)) {
    if (lua_type(L, -2) == LUA_TSTRING) {
      const char *full = lua_pushfstring(L, "%s.%s", name,
                                            lua_tostring(L, -2 - 0));
      lua_insert(L, -2);
      library(L, full);
    }
    lua_pop(L, 1);
  }
}


void mw_permanent_open (lua_State *L) {
  int namer;
  mw_S.names = mw_newroot(L);
  mw_S.values = mw_newroot(L);
  for (namer = MW_BYRUNTIME; namer <= MW_BYSCRIPT; namer++) {
    TValue k, v;
    lua_newtable(L);
    setivalue(&k, namer);
    setobj(L, &v, s2v(L->top.p - 1));
    mw_rawset(L, mw_S.names, &k, &v);
    lua_pop(L, 1);
  }
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_pushnil(L);
  while (lua_next(L, -2)) {  /* libraries first: these are their names */
    library(L, lua_tostring(L, -2));
  }
  lua_pushnil(L);
  while (lua_next(L, -2)) {
    if (lua_istable(L, -1) && strcmp(lua_tostring(L, -2), LUA_GNAME) != 0)
      fields(L, lua_tostring(L, -2));
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  lua_pushliteral(L, "");
  if (lua_getmetatable(L, -1))
    library(L, STRINGMETA);
  lua_pop(L, 1);
}
