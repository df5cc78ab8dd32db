/*
** value.c
** Values of bridge records: those of codec.h, handles and values of the host
*/

#include <string.h>

#include "lua.h"

#include "lapi.h"
#include "lauxlib.h"
#include "lobject.h"
#include "lstate.h"

#include "abi.h"
#include "bridge.h"
#include "codec.h"


/*
** {==================================================================
** Encoder
** ===================================================================
*/

/* flags of the record that 'hook' is called for */
static unsigned int hookflags;


/* does the value come by value, as a table with its fields? */
static int isbyvalue (lua_State *L, int idx, unsigned int flags) {
  if (!lua_istable(L, idx) || (flags & MW_TABLES) == MW_TABLES_HANDLE)
    return 0;
  if ((flags & MW_TABLES) == MW_TABLES_META && lua_getmetatable(L, idx)) {
    lua_pop(L, 1);
    return 0;
  }
  return 1;
}


/* appends any other value */
static void simple (lua_State *L, mw_Buffer *b, int idx) {
  unsigned int flags;
  uint32_t id;
  idx = lua_absindex(L, idx);
  if (mw_encode_scalar(L, b, s2v(L->ci->func.p + idx)))
    return;
  id = mw_host_id(L, idx, &flags);
  if (id == 0)
    mw_ref_encode(L, b, idx);
  else {
    mw_buf_addu8(L, b, MW_TAG_HOST);
    mw_buf_addu32(L, b, id);
    mw_buf_addu8(L, b, flags);
    mw_buf_addu32(L, b, 0);
  }
}


static int hook (lua_State *L, mw_Buffer *b, const TValue *o) {
  int byvalue;
  setobj2s(L, L->top.p, o);
  api_incr_top(L);
  byvalue = isbyvalue(L, -1, hookflags);
  if (!byvalue)
    simple(L, b, -1);
  lua_pop(L, 1);
  return !byvalue;
}


static int walk (lua_State *L) {
  mw_Buffer *b = (mw_Buffer *)lua_touserdata(L, 1);
  mw_codec_hook = hook;
  mw_encode_values(L, b, lua_gettop(L) - 1);
  return 0;
}


/*
** The walk over tables stops the collector, so that it has to end in order,
** whatever error a stored table may raise when it is loaded.
*/
static void encodetables (lua_State *L, mw_Buffer *b, int first,
                          unsigned int flags) {
  int i, top = lua_gettop(L);
  luaL_checkstack(L, top - first + 3, "too many values");
  hookflags = flags;
  lua_pushcfunction(L, walk);
  lua_pushlightuserdata(L, b);
  for (i = first; i <= top; i++)
    lua_pushvalue(L, i);
  if (lua_pcall(L, top - first + 2, 0, 0) != LUA_OK) {
    mw_codec_release();
    lua_error(L);
  }
}


void mw_value_encode (lua_State *L, mw_Buffer *b, int first,
                      unsigned int flags) {
  int i, top = lua_gettop(L);
  luaL_checkstack(L, 8, "too many values");
  for (i = first; i <= top; i++) {
    if (isbyvalue(L, i, flags)) {
      encodetables(L, b, first, flags);
      return;
    }
  }
  for (i = first; i <= top; i++)
    simple(L, b, i);
}

/* }================================================================== */


/*
** {==================================================================
** Decoder. A table under construction takes three slots of the stack: the
** table, the number of entries still to come, and the key of the entry whose
** value is next (nil: a key is next).
** ===================================================================
*/

#define FRAME		3


static int bad (mw_Reader *r, const char *err) {
  if (r->err == NULL)
    r->err = err;
  return 0;
}


/* pushes the frame of a new table; 'seen' is the index of all tables so far */
static int opentable (lua_State *L, mw_Reader *r, int seen) {
  uint32_t n;
  r->p++;
  n = mw_read_u32(r);
  if (r->err == NULL && n > (size_t)(r->end - r->p) / 2)
    r->err = "table with more entries than there are bytes";
  if (r->err != NULL)
    return 0;
  if (r->p < r->end && *r->p == MW_TAG_INTEGER)
    lua_createtable(L, (int)n, 0);
  else
    lua_createtable(L, 0, (int)n);
  if (lua_isnil(L, seen)) {
    lua_newtable(L);
    lua_replace(L, seen);
  }
  lua_pushvalue(L, -1);
  lua_rawseti(L, seen, (lua_Integer)lua_rawlen(L, seen) + 1);
  lua_pushinteger(L, (lua_Integer)n);
  lua_pushnil(L);
  return 1;
}


/* pushes a value that is not 0x08 */
static int plain (lua_State *L, mw_Reader *r, int seen) {
  switch (mw_decode(L, r)) {
    case MW_DEC_OK: return 1;
    case MW_DEC_BAD: return 0;
    default: break;
  }
  switch (*r->p++) {
    case MW_TAG_SEEN: {
      uint32_t n = mw_read_u32(r);
      if (r->err != NULL)
        return 0;
      if (lua_isnil(L, seen) || n >= lua_rawlen(L, seen))
        return bad(r, "reference to a table that did not come yet");
      lua_rawgeti(L, seen, (lua_Integer)n + 1);
      return 1;
    }
    case MW_TAG_REF: {
      uint32_t id;
      mw_read_u8(r);
      id = mw_read_u32(r);
      if (r->err != NULL)
        return 0;
      if (id < MW_FIRSTHANDLE)
        return bad(r, "handle below 64");
      mw_ref_push(L, id);
      return 1;
    }
    case MW_TAG_HOST: {
      uint32_t id = mw_read_u32(r);
      unsigned int flags = mw_read_u8(r);
      size_t l = mw_read_u32(r);
      const unsigned char *name = (r->err == NULL) ? mw_read_bytes(r, l)
                                                   : NULL;
      if (r->err != NULL)
        return 0;
      if (id == 0)
        return bad(r, "host value 0");
      mw_host_push(L, id, flags, (const char *)name, l);
      return 1;
    }
    default:
      r->p--;
      return bad(r, "unknown tag");
  }
}


/*
** A value was read and is on top: puts it into the innermost open table.
** Stack: frame, value. Returns 0 if it can't be a key.
*/
static int settle (lua_State *L, mw_Reader *r) {
  if (lua_isnil(L, -2)) {  /* a key? */
    if (lua_isnil(L, -1) ||
        (lua_type(L, -1) == LUA_TNUMBER && !lua_rawequal(L, -1, -1)))
      return bad(r, "key that is nil or NaN");
    lua_replace(L, -2);
  }
  else {
    lua_Integer left = lua_tointeger(L, -3);
    if (lua_isnil(L, -1))
      lua_pop(L, 2);
    else
      lua_rawset(L, -4);
    lua_pushinteger(L, left - 1);
    lua_replace(L, -2);
    lua_pushnil(L);
  }
  return 1;
}


/* reads one value and pushes it */
static int value (lua_State *L, mw_Reader *r, int seen) {
  int level = 0;
  do {
    luaL_checkstack(L, 2 * FRAME + 4, "record nested too deep");
    if (r->p < r->end && *r->p == MW_TAG_TABLE) {
      if (!opentable(L, r, seen))
        return 0;
      level++;
    }
    else {
      if (!plain(L, r, seen) || (level > 0 && !settle(L, r)))
        return 0;
    }
    while (level > 0 && lua_isnil(L, -1) && lua_tointeger(L, -2) == 0) {
      lua_pop(L, 2);  /* table is complete */
      if (--level > 0 && !settle(L, r))
        return 0;
    }
  } while (level > 0);
  return 1;
}


/*
** Length of a value that is read before anything else can happen, 0 for any
** other. Its bytes may be fewer than that.
*/
static size_t scalarsize (const unsigned char *p, size_t n) {
  switch (*p) {
    case MW_TAG_NIL: return 1;
    case MW_TAG_BOOLEAN: return 2;
    case MW_TAG_INTEGER: case MW_TAG_FLOAT: return 9;
    case MW_TAG_STRING: {
      mw_Reader r = {p + 1, p + n, NULL, 0};
      return 5 + (size_t)mw_read_u32(&r);
    }
    default: return 0;
  }
}


static int outside (const unsigned char *p, size_t n) {
#if defined(__wasm__)
  uint64_t size = (uint64_t)__builtin_wasm_memory_size(0) << 16;
  return (uint64_t)(uintptr_t)p + n > size;
#else
  (void)p; (void)n;
  return 0;
#endif
}


static int decode (lua_State *L, const unsigned char *p, size_t n, int all) {
  int base = lua_gettop(L);
  mw_Reader r = {p, p + n, NULL, 0};
  const char *copy = NULL;
  if (n == 0)
    return 0;
  if (outside(p, n)) {
    lua_pushliteral(L, "bad record: it lies outside of memory");
    return -1;
  }
  luaL_checkstack(L, 8, "too many values");
  if (scalarsize(p, n) == n || (!all && scalarsize(p, n) > 0)) {
    if (mw_decode(L, &r) == MW_DEC_OK)
      return 1;
  }
  else {
    int seen = base + 2;
    copy = lua_pushlstring(L, (const char *)p, n);
    lua_pushnil(L);
    r.p = (const unsigned char *)copy;
    r.end = r.p + n;
    do {
      if (!value(L, &r, seen))
        break;
    } while (all && r.p < r.end);
    if (r.err == NULL) {
      lua_remove(L, seen);
      lua_remove(L, base + 1);
      return lua_gettop(L) - base;
    }
  }
  lua_pushfstring(L, "bad record: %s at byte %d", r.err,
                     (int)(r.p - (copy ? (const unsigned char *)copy : p)));
  lua_insert(L, base + 1);
  lua_settop(L, base + 1);
  return -1;
}


int mw_value_decode (lua_State *L, const unsigned char *p, size_t n) {
  return decode(L, p, n, 1);
}


int mw_value_first (lua_State *L, const unsigned char *p, size_t cap) {
  if (*p == MW_TAG_HOST) {  /* most errors: do not copy all of the buffer */
    mw_Reader r = {p + 6, p + cap, NULL, 0};
    size_t l = mw_read_u32(&r);
    if (l <= cap - 10)
      cap = 10 + l;
  }
  return decode(L, p, cap, 0);
}


int mw_value_input (lua_State *L, const mw_Call *c) {
  int n = mw_value_decode(L, c->p, c->n);
  if (n < 0)
    lua_error(L);
  if (mw_busy == 1)
    mw_io_trim();
  return n;
}

/* }================================================================== */
