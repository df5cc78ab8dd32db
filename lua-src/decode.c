/*
** decode.c
** Decoding of stored keys and values
*/

#include <string.h>

#include "lvm.h"

#include "extlib.h"
#include "registry.h"
#include "stored.h"


int mw_bad (const char *what, const char *name, size_t len) {
  size_t l = strlen(what);
  if (len > sizeof(mw_S.why) - l - 1)
    len = sizeof(mw_S.why) - l - 1;
  memcpy(mw_S.why, what, l);
  memcpy(mw_S.why + l, name, len);
  mw_S.why[l + len] = '\0';
  return 0;
}


int mw_badvalue (const char *what) {
  return mw_bad(what, "", 0);
}


void mw_reader (mw_Reader *r, const mw_Buffer *b) {
  r->p = b->data;
  r->end = b->data + b->n;
  r->err = NULL;
}


Table *mw_tablebyid (lua_State *L, uint32_t id) {
  GCObject *o = mw_object(id);
  Table *h;
  if (o != NULL) {
    if (o->tt == LUA_VTABLE)
      return gco2t(o);
    mw_badvalue("its id is that of something else");
    return NULL;
  }
  h = luaH_new(L);
  mw_adopt(L, obj2gco(h), id);
  mw_seenid(id);
  h->metatable = mw_shellmt;
  return h;
}


/* version and id of a reference */
static uint32_t readref (mw_Reader *r, int versioned) {
  uint32_t id;
  r->p++;  /* tag */
  if (versioned && mw_read_u8(r) != MW_FORMAT && r->err == NULL)
    r->err = "version that this release does not know";
  id = mw_read_u32(r);
  if (r->err == NULL && id == 0)
    r->err = "reference to nothing";
  if (r->err == NULL && r->p != r->end)
    r->err = "too long";
  return (r->err == NULL) ? id : 0;
}


static int decodenamed (lua_State *L, mw_Reader *r, TValue *res) {
  unsigned int namer;
  const unsigned char *s;
  size_t l;
  r->p++;
  if (mw_read_u8(r) != MW_FORMAT && r->err == NULL)
    r->err = "version that this release does not know";
  namer = mw_read_u8(r);
  l = mw_read_u32(r);
  s = (r->err == NULL) ? mw_read_bytes(r, l) : NULL;
  if (s == NULL || r->p != r->end)
    return mw_bad("damaged: ", "name", 4);
  return mw_permanent_find(L, (int)namer, (const char *)s, l, res);
}


/* values with a tag that 'mw_decode' does not know */
static int decodeother (lua_State *L, mw_Reader *r, TValue *res) {
  uint32_t id;
  switch (*r->p) {
    case MW_TAG_LFUNC:
      return mw_badvalue("a function stored as bytecode can't be read");
    case MW_TAG_STORED: {
      Table *h;
      if ((id = readref(r, 0)) == 0) break;
      if ((h = mw_tablebyid(L, id)) == NULL) return 0;
      sethvalue(L, res, h);
      return 1;
    }
    case MW_TAG_CLOSURE: {
      LClosure *cl;
      if ((id = readref(r, 1)) == 0) break;
      if ((cl = mw_closurebyid(L, id)) == NULL) return 0;
      setclLvalue(L, res, cl);
      return 1;
    }
    case MW_TAG_HANDLE:
      if ((id = readref(r, 1)) == 0) break;
      mw_handle_push(L, id);
      setobj(L, res, s2v(L->top.p - 1));
      L->top.p--;
      return 1;
    case MW_TAG_NAMED:
      return decodenamed(L, r, res);
    default:
      r->err = "tag that this release does not know";
      break;
  }
  return mw_bad("damaged: ", r->err, strlen(r->err));
}


int mw_decodevalue (lua_State *L, mw_Reader *r, TValue *res) {
  const unsigned char *p = r->p;
  int c = mw_decode(L, r);
  if (c == MW_DEC_OTHER)
    return decodeother(L, r, res);
  if (c == MW_DEC_OK) {
    setobj(L, res, s2v(L->top.p - 1));
    L->top.p--;
    if (r->p == r->end)
      return 1;
    r->err = "too long";
  }
  else if (r->p == r->end && r->p - p == 3 && *p == MW_TAG_CFUNC) {
    const char *name = mw_registry_name((unsigned int)(p[1] | p[2] << 8));
    if (name == NULL) name = "(unknown)";
    return mw_bad("this build has no function ", name, strlen(name));
  }
  return mw_bad("damaged: ", r->err, strlen(r->err));
}


int mw_decodekey (lua_State *L, mw_Reader *r, TValue *res) {
  if (r->p < r->end && *r->p >= MW_TAG_OPEN)
    return -1;
  if (r->p == r->end || *r->p == MW_TAG_NIL || *r->p > MW_TAG_STRING ||
      !mw_decodevalue(L, r, res))
    return mw_badvalue("damaged key");
  if (ttisfloat(res)) {  /* has to be one that a table can have */
    lua_Integer i;
    if (luai_numisnan(fltvalue(res)) ||
        luaV_flttointeger(fltvalue(res), &i, F2Ieq))
      return mw_badvalue("damaged key");
  }
  return 1;
}
