/*
** outline.c
** In profile 'size': functions in place of upstream's macros
*/

#define lvm_c  /* wants the macros themselves */

#include "lua.h"

#include "lapi.h"
#include "lgc.h"
#include "lobject.h"
#include "lstate.h"
#include "mwlimits.h"


#if defined(MW_SMALL)

void mw_pop (lua_State *L) {
  if (L->tbclist.p < L->top.p - 1)
    L->top.p--;
  else  /* pops a variable that is to be closed */
    lua_settop(L, -2);
}


void mw_setobj (TValue *to, const TValue *from) {
  setobj(NULL, to, from);
}


void mw_checkGC (lua_State *L) {
  luaC_checkGC(L);
}


void mw_objbarrier (lua_State *L, GCObject *p, GCObject *o) {
  luaC_objbarrier(L, p, o);
}


void mw_barrier (lua_State *L, GCObject *p, const TValue *v) {
  if (iscollectable(v))
    mw_objbarrier(L, p, gcvalue(v));
}


void mw_barrierback (lua_State *L, GCObject *p, const TValue *v) {
  luaC_barrierback(L, p, v);
}


void (mw_charge) (lua_State *L) {
  mw_charge(L);
}


void (mw_chargen) (lua_State *L, uint64_t n) {
  mw_chargen(L, n);
}


void (mw_note) (uint64_t n) {
  mw_note(n);
}

#endif
