/*
** extlib.c
** The library 'ext': handles of stored tables that are not held in memory,
** 'ext.flush' and 'ext.permanent'
*/

#include <string.h>

#include "lauxlib.h"
#include "ldebug.h"
#include "ldo.h"
#include "lstring.h"
#include "ltm.h"
#include "lvm.h"

#include "extlib.h"
#include "imports.h"
#include "memory.h"
#include "stored.h"



/*
** {==================================================================
** Handles
** ===================================================================
*/

uint32_t mw_handle_id (const TValue *o) {
  uint32_t id;
  if (!ttisfulluserdata(o) || uvalue(o)->metatable != mw_S.handlemeta ||
      uvalue(o)->len != sizeof(id))
    return 0;
  memcpy(&id, getudatamem(uvalue(o)), sizeof(id));
  return id;
}


void mw_handle_push (lua_State *L, uint32_t id) {
  TValue k, v;
  const TValue *known;
  setivalue(&k, id);
  known = mw_rawget(mw_S.handles, &k);
  if (!ttisnil(known)) {
    setobj2s(L, L->top.p, known);
    mw_inctop(L);
    return;
  }
  memcpy(lua_newuserdatauv(L, sizeof(id), 0), &id, sizeof(id));
  setobj(L, &v, s2v(L->top.p - 1));
  uvalue(&v)->metatable = mw_S.handlemeta;
  luaC_objbarrier(L, uvalue(&v), mw_S.handlemeta);
  mw_rawset(L, mw_S.handles, &k, &v);
}


static int newhandle (lua_State *L) {
  uint32_t id;
  mw_knowcounter(L);
  id = mw_newid(NULL);
  if (id == 0)
    return luaL_error(L, MW_NOIDS);
  mw_handle_push(L, id);
  return 1;
}


/* an access to an entry of a handle's table */
typedef struct Access {
  uint32_t id;
  TValue key;
  TValue val;
  int ok;  /* has it been written? -1: there is a message */
} Access;


static uint32_t checkhandle (lua_State *L) {
  uint32_t id = lua_isuserdata(L, 1) ? mw_handle_id(s2v(L->ci->func.p + 1))
                                     : 0;
  if (id == 0)
    luaL_typeerror(L, 1, "ext.table");
  return id;
}


static void checkkey (lua_State *L, Access *a) {
  lua_Integer i;
  setobj(L, &a->key, s2v(L->ci->func.p + 2));
  if (ttisfloat(&a->key) &&
      luaV_flttointeger(fltvalue(&a->key), &i, F2Ieq))
    setivalue(&a->key, i);
}


static void readentry (lua_State *L, void *ud) {
  Access *a = (Access *)ud;
  mw_key.n = 0;
  setnilvalue(&a->val);
  if (mw_encode_scalar(L, &mw_key, &a->key))
    mw_readvalue(L, a->id, mw_key.data, mw_key.n, &a->val);
}


static int handle_index (lua_State *L) {
  Access a;
  a.id = checkhandle(L);
  lua_settop(L, 2);
  checkkey(L, &a);
  if (!mw_work(L, readentry, &a))
    mw_raiseat(L, NULL, MW_LINK_KEY, &a.key, mw_S.why);
  mw_pushvalue(L, &a.val);
  return 1;
}


static void writeentry (lua_State *L, void *ud) {
  Access *a = (Access *)ud;
  a->ok = -1;  /* message on the stack */
  if ((mw_S.counterdirty || !ttisstring(&a->val)) && !mw_store_handnew(L))
    return;
  mw_newentry();
  mw_encode_scalar(L, &mw_key, &a->key);
  if (ttisnil(&a->val))
    a->ok = js_ext_table_delete(a->id, mw_key.data,
                                (unsigned int)mw_key.n) == 0;
  else
    a->ok = mw_store_encode(&a->val) &&
            mw_store_set(L, a->id, mw_key.data, mw_key.n,
                         mw_val.data, mw_val.n);
}


static int handle_newindex (lua_State *L) {
  Access a;
  a.id = checkhandle(L);
  lua_settop(L, 3);
  checkkey(L, &a);
  setobj(L, &a.val, s2v(L->top.p - 1));
  if (ttisnil(&a.key) ||
      (ttisfloat(&a.key) && luai_numisnan(fltvalue(&a.key))))
    return luaL_error(L, "table index is %s",
                         ttisnil(&a.key) ? "nil" : "NaN");
  if (!mw_isplain(&a.key))
    mw_refusekey(L, NULL, &a.key);
  mw_promote(L, NULL, MW_LINK_KEY, &a.key, &a.val);
  mw_work(L, writeentry, &a);
  if (a.ok < 0) {
    mw_takemessage(L);
    mw_raise(L);
  }
  if (!a.ok)
    mw_raiseat(L, NULL, MW_LINK_KEY, &a.key, MW_STOREFAILED);
  return 0;
}


static int handle_len (lua_State *L) {
  int n = js_ext_table_size(checkhandle(L));
  lua_pushinteger(L, (n > 0) ? n : 0);
  return 1;
}


/* reads the list of keys as a string */
static void readkeys (lua_State *L, void *ud) {
  Access *a = (Access *)ud;
  mw_Reader r;
  mw_store_keys(L, a->id, &mw_val, &r);
  setsvalue(L, &a->val,
            luaS_newlstr(L, (const char *)r.p, (size_t)(r.end - r.p)));
}


/* an access to the next entry whose key is in a list of keys */
typedef struct Next {
  Access a;
  mw_Reader keys;
  const unsigned char *after;  /* where it goes on */
  int link;  /* is the key known? */
} Next;

/*
** Keys that are gone by now, and the runtime's own, are left out.
*/
static void readnext (lua_State *L, void *ud) {
  Next *n = (Next *)ud;
  mw_Reader keys = n->keys;  /* (this may be run twice) */
  mw_Reader key;
  do {
    setnilvalue(&n->a.val);
    setnilvalue(&n->a.key);
    n->link = MW_LINK_NONE;
    if (!mw_store_nextkey(&keys, &key))
      break;
    n->after = keys.p;
    if (mw_decodekey(L, &key, &n->a.key)) {
      n->link = MW_LINK_KEY;
      readentry(L, &n->a);
    }
  } while (ttisnil(&n->a.val));
}


/*
** Upvalues: list of keys, where the next one is in it
*/
static int iterate (lua_State *L) {
  Next n;
  int ok;
  size_t l, pos = (size_t)lua_tointeger(L, lua_upvalueindex(2));
  const unsigned char *s =
    (const unsigned char *)lua_tolstring(L, lua_upvalueindex(1), &l);
  n.a.id = checkhandle(L);
  n.after = s + l;
  mw_reader(&n.keys, s + pos, l - pos);
  ok = mw_work(L, readnext, &n);
  lua_pushinteger(L, (lua_Integer)(n.after - s));
  lua_replace(L, lua_upvalueindex(2));
  if (!ok)
    mw_raiseat(L, NULL, n.link, &n.a.key, mw_S.why);
  mw_pushvalue(L, &n.a.key);
  mw_pushvalue(L, &n.a.val);
  return 2;
}


static int handle_pairs (lua_State *L) {
  Access a;
  a.id = checkhandle(L);
  if (!mw_work(L, readkeys, &a))
    mw_raiseat(L, NULL, MW_LINK_NONE, NULL, mw_S.why);
  mw_pushvalue(L, &a.val);
  lua_pushinteger(L, 0);
  lua_pushcclosure(L, iterate, 2);
  lua_pushvalue(L, 1);
  lua_pushnil(L);
  return 3;
}


static const luaL_Reg handlemethods[] = {
  {"__index", handle_index},
  {"__newindex", handle_newindex},
  {"__len", handle_len},
  {"__pairs", handle_pairs},
  {NULL, NULL}
};

/* }================================================================== */


/*
** ext.permanent(name, value)
*/
static int permanent (lua_State *L) {
  size_t l;
  const char *name = luaL_checklstring(L, 1, &l);
  int t = lua_type(L, 2);
  luaL_argexpected(L, t == LUA_TTABLE || t == LUA_TFUNCTION ||
                      t == LUA_TUSERDATA || t == LUA_TTHREAD, 2,
                   "table, function, userdata or thread");
  lua_settop(L, 2);
  mw_permanent_set(L, name, l);
  return 0;
}


static const luaL_Reg funcs[] = {
  {"flush", mw_memory_extflush},
  {"permanent", permanent},
  {"table", newhandle},
  {NULL, NULL}
};


int mw_open_ext (lua_State *L) {
  TValue v;
  sethvalue2s(L, L->top.p, mw_S.handlemeta);
  mw_inctop(L);
  luaL_setfuncs(L, handlemethods, 0);
  lua_pushliteral(L, "ext.table");
  lua_setfield(L, -2, "__name");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
  lua_createtable(L, 0, 1);  /* handles are held weakly */
  lua_pushliteral(L, "v");
  lua_setfield(L, -2, "__mode");
  setobj(L, &v, s2v(L->top.p - 1));
  mw_S.handles->metatable = hvalue(&v);
  luaC_objbarrier(L, mw_S.handles, hvalue(&v));
  lua_pop(L, 1);
  luaL_newlib(L, funcs);
  return 1;
}
