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


/* names of what has none of its own: the metatable of strings, and... */
#define STRINGMETA	"getmetatable('')"

/* ...the iterator of stored loops */
#define NEXTKEPT	"next key that is left"


TString *mw_permanent_record (const TValue *v) {
  TValue r;
  return mw_rawget(mw_S.values, v, &r) ? tsvalue(&r) : NULL;
}


/*
** Sets the value of a name's record and, unless the value has a name
** already, its record. With 'lib' the name is that of a field: 'lib.name'.
** Stack: the value on top.
*/
static void declare (lua_State *L, int namer, const char *lib,
                     const char *name, size_t len) {
  mw_Buffer *b = &mw_key;
  size_t liblen = (lib != NULL) ? strlen(lib) : 0;
  TValue v, r, old, oldrecord;
  b->n = 0;
  mw_buf_addu16(L, b, mw_header(MW_TAG_NAMED));
  mw_buf_addu8(L, b, (unsigned int)namer);
  mw_buf_addu32(L, b, (lib != NULL) ? liblen + 1 + len : len);
  if (lib != NULL) {
    mw_buf_add(L, b, lib, liblen);
    mw_buf_addu8(L, b, '.');
  }
  mw_buf_add(L, b, name, len);
  lua_pushlstring(L, (char *)b->data, b->n);
  setobj(L, &v, s2v(L->top.p - 2));
  setobj(L, &r, s2v(L->top.p - 1));
  if (mw_rawget(mw_S.names, &r, &old) &&
      mw_rawget(mw_S.values, &old, &oldrecord) &&
      luaV_rawequalobj(&oldrecord, &r)) {  /* the old value loses its name */
    setnilvalue(&oldrecord);
    mw_rawset(L, mw_S.values, &old, &oldrecord);
  }
  mw_rawset(L, mw_S.names, &r, &v);
  if (mw_permanent_record(&v) == NULL)
    mw_rawset(L, mw_S.values, &v, &r);
  lua_pop(L, 1);
}


void mw_permanent_set (lua_State *L, const char *name, size_t len) {
  declare(L, MW_BYSCRIPT, NULL, name, len);
  lua_pop(L, 1);
}


/* declares the value on top, which it pops, unless it is known already */
static void library (lua_State *L, const char *lib, const char *name) {
  if ((lua_istable(L, -1) ||
       (lua_iscfunction(L, -1) &&
        mw_registry_index(s2v(L->top.p - 1)) == MW_CFUNC_NONE)) &&
      mw_permanent_record(s2v(L->top.p - 1)) == NULL)
    declare(L, MW_BYRUNTIME, lib, name, strlen(name));
  lua_pop(L, 1);
}


/*
** Stack: table of a library named 'lib' on top. Its fields are named, too
** ('package.loaded').
*/
static void fields (lua_State *L, const char *lib) {
  lua_pushnil(L);
  while (lua_next(L, -2)) {
    if (lua_type(L, -2) == LUA_TSTRING)
      library(L, lib, lua_tostring(L, -2));
    else
      lua_pop(L, 1);
  }
}


void mw_permanent_open (lua_State *L) {
  mw_S.names = mw_newroot(L);
  mw_S.values = mw_newroot(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_pushnil(L);
  while (lua_next(L, -2)) {  /* libraries first: these are their names */
    library(L, NULL, lua_tostring(L, -2));
  }
  lua_pushnil(L);
  while (lua_next(L, -2)) {
    if (lua_istable(L, -1) && strcmp(lua_tostring(L, -2), LUA_GNAME) != 0)
      fields(L, lua_tostring(L, -2));
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  lua_pushcfunction(L, mw_nextkept);
  library(L, NULL, NEXTKEPT);
  lua_pushliteral(L, "");
  if (lua_getmetatable(L, -1))
    library(L, NULL, STRINGMETA);
  lua_pop(L, 1);
}
