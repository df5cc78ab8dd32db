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

#include "stored.h"


/* names of what has none of its own: the metatable of strings, and... */
#define STRINGMETA	"getmetatable('')"

/* ...the iterator of stored loops */
#define NEXTKEPT	"next key that is left"


TString *mw_permanent_record (const TValue *v) {
  const TValue *r = mw_rawget(mw_S.values, v);
  return ttisnil(r) ? NULL : tsvalue(r);
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
  mw_lookup(mw_S.names, &r, &old);
  mw_lookup(mw_S.values, &old, &oldrecord);
  if (luaV_rawequalobj(&oldrecord, &r)) {  /* the old value loses its name */
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


/* declares a value of the runtime, unless it is known already */
static void library (lua_State *L, const char *lib, const char *name,
                     const TValue *v) {
  if (mw_permanent_record(v) == NULL) {
    mw_pushvalue(L, v);
    declare(L, MW_BYRUNTIME, lib, name, strlen(name));
    lua_pop(L, 1);
  }
}


/*
** The fields of a library are named, too ('package.loaded'): tables, and the
** functions of 'ext', which have no index.
*/
static void fields (lua_State *L, const Table *t, const char *lib) {
  int indexed = (strcmp(lib, "ext") != 0);
  mw_Entries e;
  e.i = 0;
  while (mw_entries(t, &e)) {
    if (ttisstring(&e.k) && (ttistable(&e.v) || (ttislcf(&e.v) && !indexed)))
      library(L, lib, getstr(tsvalue(&e.k)), &e.v);
  }
}


void mw_permanent_open (lua_State *L) {
  const Table *loaded;
  mw_Entries e;
  mw_S.names = mw_newroot(L);
  mw_S.values = mw_newroot(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  loaded = hvalue(s2v(L->top.p - 1));
  lua_pop(L, 1);
  e.i = 0;
  while (mw_entries(loaded, &e))  /* these are the fields' names */
    library(L, NULL, getstr(tsvalue(&e.k)), &e.v);
  e.i = 0;
  while (mw_entries(loaded, &e)) {
    if (strcmp(getstr(tsvalue(&e.k)), LUA_GNAME) != 0)
      fields(L, hvalue(&e.v), getstr(tsvalue(&e.k)));
  }
  setfvalue(&e.v, mw_nextkept);
  library(L, NULL, NEXTKEPT, &e.v);
  if (G(L)->mt[LUA_TSTRING] != NULL) {
    sethvalue(L, &e.v, G(L)->mt[LUA_TSTRING]);
    library(L, NULL, STRINGMETA, &e.v);
  }
}
