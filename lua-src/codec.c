/*
** codec.c
** The one encoder and decoder of values (ABI.md, "Values")
*/

#include <string.h>

#include "lua.h"

#include "lapi.h"
#include "lgc.h"
#include "lobject.h"
#include "lstate.h"

#include "buffer.h"
#include "codec.h"
#include "registry.h"


/*
** {==================================================================
** Access to the state
** ===================================================================
*/

void mw_pushvalue (lua_State *L, const TValue *o) {
  setobj2s(L, L->top.p, o);
  api_incr_top(L);
}


static const void *globals (lua_State *L) {
  const void *p;
  lua_pushglobaltable(L);
  p = lua_topointer(L, -1);
  lua_pop(L, 1);
  return p;
}

/* }================================================================== */


/*
** {==================================================================
** Encoder: values that hold no others
** ===================================================================
*/

void mw_encode_string (lua_State *L, mw_Buffer *b, const char *s, size_t l) {
  mw_buf_addu8(L, b, MW_TAG_STRING);
  mw_buf_addu32(L, b, l);
  mw_buf_add(L, b, s, l);
}


void mw_encode_ts (lua_State *L, mw_Buffer *b, const TString *ts) {
  mw_encode_string(L, b, getstr(ts), tsslen(ts));
}


int mw_encode_scalar (lua_State *L, mw_Buffer *b, const TValue *o) {
  unsigned int tag = MW_TAG_NIL;
  uint64_t bits = 0;
  int size = 0;
  switch (ttype(o)) {
    case LUA_TNIL: break;
    case LUA_TBOOLEAN: {
      tag = MW_TAG_BOOLEAN;
      bits = ttistrue(o);
      size = 1;
      break;
    }
    case LUA_TNUMBER: {
      tag = ttisinteger(o) ? MW_TAG_INTEGER : MW_TAG_FLOAT;
      size = sizeof(bits);
      memcpy(&bits, &o->value_, sizeof(bits));
      break;
    }
    case LUA_TSTRING: {
      mw_encode_ts(L, b, tsvalue(o));
      return 1;
    }
    default: return 0;
  }
  mw_buf_addu8(L, b, tag);
  mw_buf_addnumber(L, b, bits, size);
  return 1;
}


int mw_is_plain_function (lua_State *L, const TValue *o) {
  LClosure *f;
  const TValue *up;
  if (!ttisLclosure(o))
    return 0;
  f = clLvalue(o);
  if (f->nupvalues == 0)
    return 1;
  up = f->upvals[0]->v.p;
  return f->nupvalues == 1 && ttistable(up) && hvalue(up) == globals(L);
}


static int writer (lua_State *L, const void *p, size_t size, void *ud) {
  mw_buf_add(L, (mw_Buffer *)ud, p, size);
  return 0;
}


int mw_encode_function (lua_State *L, mw_Buffer *b, const TValue *o) {
  if (ttislcf(o) || ttisCclosure(o)) {
    unsigned int index = mw_registry_index(o);
    if (ttisCclosure(o) && index == MW_CFUNC_NONE)
      return 0;
    mw_buf_addu8(L, b, MW_TAG_CFUNC);
    mw_buf_addu16(L, b, index);
    return 1;
  }
  if (mw_is_plain_function(L, o)) {
    size_t start, l;
    mw_buf_addu8(L, b, MW_TAG_LFUNC);
    mw_buf_addu32(L, b, 0);
    start = b->n;
    mw_pushvalue(L, o);
    lua_dump(L, writer, b, 0);
    lua_pop(L, 1);
    l = b->n - start;
    b->n = start - 4;
    mw_buf_addu32(L, b, l);
    b->n += l;
    return 1;
  }
  return 0;
}

/* }================================================================== */


/*
** {==================================================================
** Decoder
** ===================================================================
*/

static void bad (mw_Reader *r, const char *err) {
  r->err = err;
#if defined(MW_PERSIST)
  if (r->throws)
    mw_damaged(err);
#endif
}


const unsigned char *mw_read_bytes (mw_Reader *r, size_t n) {
  const unsigned char *p = r->p;
  if (r->err == NULL && n > (size_t)(r->end - p))
    bad(r, "truncated value");
  if (r->err != NULL)
    return NULL;
  r->p += n;
  return p;
}


static uint64_t readnumber (mw_Reader *r, int size) {
  const unsigned char *p = mw_read_bytes(r, (size_t)size);
  uint64_t v = 0;
  if (p != NULL) {
    while (size--)
      v = v << 8 | p[size];
  }
  return v;
}


unsigned int mw_read_u8 (mw_Reader *r) {
  return (unsigned int)readnumber(r, 1);
}


unsigned int mw_read_u16 (mw_Reader *r) {
  return (unsigned int)readnumber(r, 2);
}


uint32_t mw_read_u32 (mw_Reader *r) {
  return (uint32_t)readnumber(r, 4);
}


uint64_t mw_read_u64 (mw_Reader *r) {
  return readnumber(r, 8);
}


/* bytes that follow a tag, those of a string's length for a string */
static const unsigned char sizes[] = {0, 1, 8, 8, 4, 0, 2};

int mw_decode (lua_State *L, mw_Reader *r) {
  unsigned int tag;
  uint64_t v;
  r->err = NULL;
  if (r->p < r->end && (*r->p > MW_TAG_CFUNC || *r->p == MW_TAG_LFUNC))
    return MW_DEC_OTHER;
  tag = mw_read_u8(r);
  v = readnumber(r, sizes[tag]);
  if (r->err != NULL)
    return MW_DEC_BAD;
  switch (tag) {
    case MW_TAG_NIL: {
      lua_pushnil(L);
      break;
    }
    case MW_TAG_BOOLEAN: {
      if (v > 1)
        bad(r, "boolean that is neither 0 nor 1");
      else
        lua_pushboolean(L, (int)v);
      break;
    }
    case MW_TAG_INTEGER: {
      lua_pushinteger(L, (lua_Integer)v);
      break;
    }
    case MW_TAG_FLOAT: {
      lua_Number n;
      memcpy(&n, &v, sizeof(n));
      lua_pushnumber(L, n);
      break;
    }
    case MW_TAG_STRING: {
      const unsigned char *s = mw_read_bytes(r, (size_t)v);
      if (s != NULL)
        lua_pushlstring(L, (const char *)s, (size_t)v);
      break;
    }
    default: {
      if (!mw_registry_push(L, (unsigned int)v))
        r->err = "C function that this build does not have";
    }
  }
  return (r->err == NULL) ? MW_DEC_OK : MW_DEC_BAD;
}

/* }================================================================== */
