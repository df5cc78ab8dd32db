/*
** undump.c
** What 'lua_load' reads; binary chunks: read whole, loaded, and verified
*/

#include <string.h>

#include "lua.h"

#include "ldo.h"
#include "lgc.h"
#include "lobject.h"
#include "lundump.h"
#include "lzio.h"

#include "abi.h"
#include "barrier.h"
#include "buffer.h"
#include "mwlimits.h"
#include "verify.h"


static const char *nothing (lua_State *L, void *ud, size_t *size) {
  (void)L; (void)ud;
  *size = 0;
  return NULL;
}


#if MW_LUA == 54
#define undump(L,z,name)	luaU_undump(L, z, name)

LClosure *mw_undump (lua_State *L, ZIO *z, const char *name) {
#else
#define undump(L,z,name)	luaU_undump(L, z, anchor, name, 0)

LClosure *mw_undump (lua_State *L, ZIO *z, Table *anchor,
                     const char *name, int fixed) {
  (void)fixed;  /* the buffer is not: it is the reader's copy */
#endif
  /* all that 'lua_load' reads goes through it, and it keeps it */
  const mw_Buffer *b = &((const mw_Text *)z->data)->b;
  ZIO all;
  LClosure *cl;
  while (luaZ_fill(z) != EOZ) { /* read it all */ }
  mw_chargen(L, mw_bytes(b->n) + 1);
  luaZ_init(L, &all, nothing, NULL);
  all.p = (const char *)b->data + 1;  /* the first byte was looked at */
  all.n = b->n - 1;
  cl = undump(L, &all, name);
  if (*name == '@' || *name == '=')
    name++;
  else if (*name == LUA_SIGNATURE[0])
    name = "binary string";
  mw_verify(L, cl->p, name);
  return cl;
}


/*
** For 'mw_undump', in modules that run text only (docs/pipeline.md,
** "Pruning").
*/
#if MW_LUA == 54
MW_EXPORT LClosure *mw_no_undump (lua_State *L, ZIO *z, const char *name) {
#else
MW_EXPORT LClosure *mw_no_undump (lua_State *L, ZIO *z, Table *anchor,
                                  const char *name, int fixed) {
  (void)anchor; (void)fixed;
#endif
  (void)z; (void)name;
  luaO_pushfstring(L, "attempt to load a binary chunk (the module has no "
                      "bytecode)");
  luaD_throw(L, LUA_ERRSYNTAX);
}


#if defined(MW_PERSIST)
#define iskept(t,s)	1
#else
#define iskept(t,s)	((t)->b.n > 0 || *(s) == LUA_SIGNATURE[0])
#endif

static const char *collect (lua_State *L, void *ud, size_t *size) {
  mw_Text *t = (mw_Text *)ud;
  const char *s = t->reader(L, t->data, size);
  if (s != NULL && *size > 0 && iskept(t, s))
    mw_buf_add(L, &t->b, s, *size);
  return s;
}


lua_Reader mw_text_begin (mw_Text *t, lua_Reader reader, void *data) {
  t->reader = reader;
  t->data = data;
  memset(&t->b, 0, sizeof(t->b));
  return collect;
}


#if !defined(MW_PERSIST)

lu_byte mw_cleared;


int mw_text_end (lua_State *L, mw_Text *t, int status) {
  (void)L;
  mw_buf_free(&t->b);
  return status;
}

#endif
