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


int mw_encode_scalar (lua_State *L, mw_Buffer *b, const TValue *o) {
  switch (ttypetag(o)) {
    case LUA_VNIL: {
      mw_buf_addu8(L, b, MW_TAG_NIL);
      return 1;
    }
    case LUA_VFALSE: case LUA_VTRUE: {
      mw_buf_addu8(L, b, MW_TAG_BOOLEAN);
      mw_buf_addu8(L, b, ttistrue(o));
      return 1;
    }
    case LUA_VNUMINT: {
      mw_buf_addu8(L, b, MW_TAG_INTEGER);
      mw_buf_addu64(L, b, (uint64_t)ivalue(o));
      return 1;
    }
    case LUA_VNUMFLT: {
      lua_Number n = fltvalue(o);
      uint64_t bits;
      memcpy(&bits, &n, sizeof(bits));
      mw_buf_addu8(L, b, MW_TAG_FLOAT);
      mw_buf_addu64(L, b, bits);
      return 1;
    }
    case LUA_VSHRSTR: case LUA_VLNGSTR: {
      const TString *s = tsvalue(o);
      mw_encode_string(L, b, getstr(s), tsslen(s));
      return 1;
    }
    default: return 0;
  }
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

const unsigned char *mw_read_bytes (mw_Reader *r, size_t n) {
  const unsigned char *p = r->p;
  if (n > (size_t)(r->end - p)) {
    r->err = "truncated value";
    return NULL;
  }
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


int mw_decode (lua_State *L, mw_Reader *r) {
  r->err = NULL;
  if (r->p >= r->end) {
    r->err = "truncated value";
    return MW_DEC_BAD;
  }
  switch (*r->p) {
    case MW_TAG_NIL: {
      r->p++;
      lua_pushnil(L);
      break;
    }
    case MW_TAG_BOOLEAN: {
      unsigned int v;
      r->p++;
      v = mw_read_u8(r);
      if (v > 1)
        r->err = "boolean that is neither 0 nor 1";
      if (r->err == NULL)
        lua_pushboolean(L, (int)v);
      break;
    }
    case MW_TAG_INTEGER: {
      uint64_t v;
      r->p++;
      v = mw_read_u64(r);
      if (r->err == NULL)
        lua_pushinteger(L, (lua_Integer)v);
      break;
    }
    case MW_TAG_FLOAT: {
      uint64_t v;
      lua_Number n;
      r->p++;
      v = mw_read_u64(r);
      memcpy(&n, &v, sizeof(n));
      if (r->err == NULL)
        lua_pushnumber(L, n);
      break;
    }
    case MW_TAG_STRING: {
      const unsigned char *s;
      size_t l;
      r->p++;
      l = mw_read_u32(r);
      s = (r->err == NULL) ? mw_read_bytes(r, l) : NULL;
      if (r->err == NULL)
        lua_pushlstring(L, (const char *)s, l);
      break;
    }
    case MW_TAG_CFUNC: {
      unsigned int index;
      r->p++;
      index = mw_read_u16(r);
      if (r->err == NULL && !mw_registry_push(L, index))
        r->err = "C function that this build does not have";
      break;
    }
    default: return MW_DEC_OTHER;
  }
  return (r->err == NULL) ? MW_DEC_OK : MW_DEC_BAD;
}

/* }================================================================== */
