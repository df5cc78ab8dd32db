/*
** hostvalue.c
** Values of the host in Lua: its functions are C closures, everything else
** userdata whose metamethods ask the host
*/

#include "lua.h"

#include "lauxlib.h"

#include "abi.h"
#include "bridge.h"


typedef struct Host {
  uint32_t id;
  uint32_t count;  /* arrivals that 'js_release' gives back */
  unsigned int flags;
} Host;

/* flags: is it a function? how do tables come in arguments? */
#define ISFUNCTION	1
#define tablemode(f)	((f) >> 1)

/* registry keys: id -> value (weak), type name -> metatable */
static const char values = 0;
static const char metatables = 0;

/* key in those metatables, so that others are no match */
static const char mark = 0;

static uint32_t alive;


/*
** {==================================================================
** Calls to the host
** ===================================================================
*/

static const char *const opnames[] = {
  "call", "index", "newindex", "len", "tostring", "pairs", "close"
};


/* pushes "host function 'f'" or "host object 'T' (index)" */
static void pushwho (lua_State *L, int op, const char *name, int isfunction) {
  if (isfunction)
    lua_pushfstring(L, "host function '%s'", name);
  else
    lua_pushfstring(L, "host object '%s' (%s)", name, opnames[op]);
}


/* raises the value on top of the stack */
static int raise (lua_State *L, int here) {
  if (here && lua_type(L, -1) == LUA_TSTRING) {
    luaL_where(L, 1);
    lua_insert(L, -2);
    lua_concat(L, 2);
  }
  return lua_error(L);
}


/*
** Pushes the values of an answer of 'n' bytes, or the error of one that is
** negative.
*/
static int pushanswer (lua_State *L, int n, int op, const char *name,
                       int isfunction) {
  int res;
  if (n < 0)
    res = mw_value_first(L, mw_io.data, mw_io.cap);
  else if ((size_t)n <= mw_io.cap)
    res = mw_value_decode(L, mw_io.data, (size_t)n);
  else {
    lua_pushfstring(L, "bad record: longer than the I/O buffer");
    res = -1;
  }
  if (res < 0) {
    pushwho(L, op, name, isfunction);
    lua_pushfstring(L, "%s: %s", lua_tostring(L, -1), lua_tostring(L, -2));
    raise(L, 1);
  }
  return res;
}


/*
** Does 'op' with the arguments from stack index 'first' on. What is under
** construction in the I/O buffer ('kept' bytes) is put back.
*/
static int callhost (lua_State *L, int op, const Host *h, int first,
                     const char *name) {
  lua_State *outer = mw_L;
  uint32_t task = mw_task_yieldable(L);
  int isfunction = h->flags & ISFUNCTION;
  size_t kept = mw_io.n;
  int n;
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  if (kept > 0) {
    lua_pushlstring(L, (const char *)mw_io.data, kept);
    lua_insert(L, first++);
  }
  mw_io.n = 0;
  mw_value_encode(L, &mw_io, first, tablemode(h->flags));
  lua_settop(L, first - 1);
  mw_L = L;
  n = js_call((unsigned int)op, h->id, mw_io.data, (unsigned int)mw_io.n,
              task);
  mw_L = outer;
  mw_io.n = 0;
  if (n >= 0 || n == MW_ANS_ERROR || n == MW_ANS_ERRORHERE) {
    int res = pushanswer(L, n, op, name, isfunction);
    if (kept > 0)
      mw_buf_add(L, &mw_io, lua_tostring(L, first - 1), kept);
    return (n >= 0) ? res : raise(L, n == MW_ANS_ERRORHERE);
  }
  pushwho(L, op, name, isfunction);
  if (n != MW_ANS_WAIT)
    lua_pushfstring(L, "%s gave the answer %d, which means nothing",
                       lua_tostring(L, -1), n);
  else if (task == 0) {
    mw_task_reason(L);
    lua_pushfstring(L, "%s cannot wait here: %s", lua_tostring(L, -2),
                       lua_tostring(L, -1));
  }
  else
    return mw_task_wait(L);
  return raise(L, 1);
}

/* }================================================================== */


/*
** {==================================================================
** Functions and objects. Upvalues of a function: its Host (a userdata) and
** its name; of a metamethod: its operation and the type's name.
** ===================================================================
*/

static Host *tohost (lua_State *L, int idx) {
  Host *h = NULL;
  idx = lua_absindex(L, idx);
  if (lua_type(L, idx) == LUA_TUSERDATA && lua_getmetatable(L, idx)) {
    if (lua_rawgetp(L, -1, &mark) != LUA_TNIL &&
        lua_rawlen(L, idx) == sizeof(Host))
      h = (Host *)lua_touserdata(L, idx);
    lua_pop(L, 2);
  }
  return h;
}


static const char *upname (lua_State *L) {
  const char *name = lua_tostring(L, lua_upvalueindex(2));
  return (name != NULL) ? name : "?";
}


static int hostfunction (lua_State *L) {
  const Host *h = tohost(L, lua_upvalueindex(1));
  if (h == NULL)
    return luaL_error(L, "host function '%s' has lost its upvalue", upname(L));
  return callhost(L, MW_OP_CALL, h, 1, upname(L));
}


/* arguments behind the object that the host gets, -1: all */
static const signed char nargs[] = {-1, 1, 2, 0, 0, 0, 1};

static int hostmethod (lua_State *L) {
  const Host *h = tohost(L, 1);
  int op = (int)lua_tointeger(L, lua_upvalueindex(1));
  if (h == NULL || op < MW_OP_CALL || op > MW_OP_CLOSE)
    return luaL_error(L, "expected a host object, found a %s",
                         luaL_typename(L, 1));
  if (nargs[op] >= 0)
    lua_settop(L, 1 + nargs[op]);
  return callhost(L, op, h, 2, upname(L));
}


static int hostgc (lua_State *L) {
  Host *h = tohost(L, 1);
  if (h != NULL && h->count > 0) {
    uint32_t count = h->count;
    h->count = 0;
    alive--;
    js_release(h->id, count);
  }
  return 0;
}


/* pushes a new metatable for a type (or, without name, for functions) */
static void newmetatable (lua_State *L, const char *name, size_t len) {
  static const struct { const char *event; int op; } events[] = {
    {"__call", MW_OP_CALL}, {"__index", MW_OP_INDEX},
    {"__newindex", MW_OP_NEWINDEX}, {"__len", MW_OP_LEN},
    {"__tostring", MW_OP_TOSTRING}, {"__pairs", MW_OP_PAIRS},
    {"__close", MW_OP_CLOSE}
  };
  size_t i;
  lua_createtable(L, 0, 11);
  lua_pushboolean(L, 1);
  lua_rawsetp(L, -2, &mark);
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pushcfunction(L, hostgc);
  lua_setfield(L, -2, "__gc");
  if (name != NULL) {
    lua_pushlstring(L, name, len);
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "__name");
    for (i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
      lua_pushinteger(L, events[i].op);
      lua_pushvalue(L, -2);
      lua_pushcclosure(L, hostmethod, 2);
      lua_setfield(L, -3, events[i].event);
    }
    lua_pop(L, 1);
  }
}


/* pushes the metatable of a type, or of functions (key false) */
static void pushmetatable (lua_State *L, int isfunction, const char *name,
                           size_t len) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &metatables) == LUA_TNIL) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &metatables);
  }
  if (isfunction)
    lua_pushboolean(L, 0);
  else
    lua_pushlstring(L, name, len);
  lua_pushvalue(L, -1);
  if (lua_rawget(L, -3) == LUA_TNIL) {
    lua_pop(L, 1);
    newmetatable(L, isfunction ? NULL : name, len);
    lua_insert(L, -2);
    lua_pushvalue(L, -2);
    lua_rawset(L, -4);  /* stack: table, metatable */
  }
  else
    lua_remove(L, -2);
  lua_remove(L, -2);
}


/* pushes the table of values */
static void pushvalues (lua_State *L) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &values) == LUA_TNIL) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "v");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &values);
  }
}


/* the Host of the value on top of the stack, or NULL */
static Host *hostof (lua_State *L, int idx) {
  Host *h;
  if (lua_tocfunction(L, idx) != hostfunction)
    return tohost(L, idx);
  if (lua_getupvalue(L, idx, 1) == NULL)
    return NULL;
  h = tohost(L, -1);
  lua_pop(L, 1);
  return h;
}


void mw_host_push (lua_State *L, uint32_t id, unsigned int flags,
                   const char *name, size_t len) {
  int isfunction = (int)(flags & ISFUNCTION);
  Host *h;
  pushvalues(L);
  if (lua_rawgeti(L, -1, (lua_Integer)id) != LUA_TNIL &&
      (h = hostof(L, -1)) != NULL) {
    h->count++;
    lua_remove(L, -2);
    return;
  }
  lua_pop(L, 1);
  pushmetatable(L, isfunction, name, len);
  h = (Host *)lua_newuserdatauv(L, sizeof(Host), 0);
  h->id = id;
  h->count = 1;
  h->flags = flags;
  lua_insert(L, -2);
  lua_setmetatable(L, -2);
  alive++;
  if (isfunction) {
    lua_pushlstring(L, name, len);
    lua_pushcclosure(L, hostfunction, 2);
  }
  lua_pushvalue(L, -1);
  lua_rawseti(L, -3, (lua_Integer)id);
  lua_remove(L, -2);
}


uint32_t mw_host_id (lua_State *L, int idx, unsigned int *flags) {
  const Host *h = hostof(L, idx);
  if (h == NULL)
    return 0;
  *flags = h->flags;
  return h->id;
}


uint32_t mw_host_count (void) {
  return alive;
}

/* }================================================================== */
