/*
** bytecode.c
** Modules that run bytecode: the export for it, and what stands where the
** compiler was in those that have none (docs/pipeline.md, "Pruning")
*/

#include "lua.h"

#include "ldo.h"
#include "lobject.h"
#include "lparser.h"
#include "lzio.h"

#include "abi.h"


/*
** For 'luaY_parser'.
*/
MW_EXPORT LClosure *mw_no_parser (lua_State *L, ZIO *z, Mbuffer *buff,
                                  Dyndata *dyd, const char *name,
                                  int firstchar) {
  (void)z; (void)buff; (void)dyd; (void)name; (void)firstchar;
  luaO_pushfstring(L, "attempt to load a text chunk (the module has no "
                      "compiler)");
  luaD_throw(L, LUA_ERRSYNTAX);
}


/*
** For 'luaX_init', which makes the strings that the lexer needs.
*/
MW_EXPORT void mw_no_lexer (lua_State *L) {
  (void)L;
}


MW_EXPORT int compute_binary (const char *s, size_t l) {
  return mw_compute_chunk(s, l, "b");
}
