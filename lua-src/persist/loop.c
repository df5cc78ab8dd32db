/*
** loop.c
** Loops over tables that a coroutine is suspended in. A table that is read
** again may have its keys in another order, so where the loop stands in it
** is no key but the list of the keys that are left.
*/

#include <string.h>

#include "lauxlib.h"
#include "ldebug.h"
#include "ldo.h"
#include "lopcodes.h"
#include "ltable.h"
#include "lvm.h"

#include "mwlimits.h"
#include "registry.h"
#include "thread.h"
#include "verify.h"


/* registers of a generic loop, from its first one on */
#define STATE		1
#define CONTROL		(2 + (MW_LUA == 55))

/* a loop's state: the table, the index of the next key, and the keys */
#define FIRSTKEY	3


int mw_nextkept (lua_State *L) {
  lua_Integer i;
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  lua_rawgeti(L, 1, 1);
  luaL_argexpected(L, lua_istable(L, 2), 1, "state of a loop");
  lua_rawgeti(L, 1, 2);
  i = lua_tointeger(L, 3);
  do {  /* skip what the table has no more */
    lua_settop(L, 2);
    lua_rawgeti(L, 1, i++);
    if (lua_isnil(L, 3))
      return 1;
    lua_pushvalue(L, 3);
    lua_rawget(L, 2);
  } while (lua_isnil(L, 4));
  lua_pushinteger(L, i);
  lua_rawseti(L, 1, 2);
  return 2;
}


/* are the keys 1, 2, 3...? (They will be in that order again.) */
static int issequence (const Table *t) {
  mw_Entries e;
  lua_Integer n = 0;
  e.i = 0;
  while (mw_entries(t, &e)) {
    mw_note(1);
    if (!ttisinteger(&e.k) || ivalue(&e.k) != ++n)
      return 0;
  }
  return 1;
}


static void add (lua_State *L, Table *list, lua_Integer i, TValue *v) {
  TValue k;
  setivalue(&k, i);
  mw_rawset(L, list, &k, v);
}


/* makes the list for the loop whose registers 'ud' points to */
static void settle (lua_State *L, void *ud) {
  StkId ra = (StkId)ud;
  Table *t = hvalue(s2v(ra + STATE));
  Table *list = luaH_new(L);
  lua_Integer n = FIRSTKEY;
  TValue v;
  luaD_checkstack(L, 2);
  setobjs2s(L, L->top.p, ra + CONTROL);
  while (luaH_next(L, t, L->top.p)) {
    mw_note(1);
    add(L, list, n++, s2v(L->top.p));
  }
  sethvalue(L, &v, t);
  add(L, list, 1, &v);
  setivalue(&v, FIRSTKEY);
  add(L, list, 2, &v);
  setfvalue(s2v(ra), mw_nextkept);
  sethvalue2s(L, ra + STATE, list);
}


static int isnext (const TValue *v) {
  const char *name = mw_registry_name(mw_registry_index(v));
  return name != NULL && strcmp(name, "next") == 0;
}


void mw_settleloops (lua_State *L, lua_State *L1) {
  const CallInfo *ci;
  for (ci = L1->ci; ci != &L1->base_ci; ci = ci->previous) {
    const Proto *p = isLua(ci) ? ci_func(ci)->p : NULL;
    int pc, at = (p != NULL) ? pcRel(ci->u.l.savedpc, p) : 0;
    for (pc = 0; pc < at; pc++) {
      Instruction i = p->code[pc];
      StkId ra = ci->func.p + 1 + arga(i);
      if (opcode(i) == OP_TFORPREP && at <= pc + argbx(i) &&
          isnext(s2v(ra)) && ttistable(s2v(ra + STATE)) &&
          !mw_shell(hvalue(s2v(ra + STATE))) &&
          !ttisnil(s2v(ra + CONTROL)) &&
          !issequence(hvalue(s2v(ra + STATE)))) {
        ptrdiff_t top = savestack(L, L->top.p);
        int status = luaD_rawrunprotected(L, settle, ra);
        L->top.p = restorestack(L, top);
        if (status == LUA_ERRMEM)
          luaD_throw(L, LUA_ERRMEM);
        /* (other errors are what the loop will raise: a key that is none) */
      }
    }
  }
}
