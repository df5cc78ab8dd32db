/*
** decode.c
** Decoding of stored keys and values
*/

#include <string.h>

#include "lstring.h"
#include "lvm.h"

#include "extlib.h"
#include "registry.h"
#include "stored.h"


int mw_bad (const char *what, const char *name, size_t len) {
  size_t l = strlen(what);
  if (mw_S.whykept)
    return 0;
  if (len > sizeof(mw_S.why) - l - 1)
    len = sizeof(mw_S.why) - l - 1;
  memcpy(mw_S.why, what, l);
  memcpy(mw_S.why + l, name, len);
  mw_S.why[l + len] = '\0';
  return 0;
}


const char mw_unknownversion[] = "unknown version (of a newer release?)";


void mw_read_version (mw_Reader *r) {
  unsigned int version = mw_read_u8(r);
  if (version != MW_FORMAT && r->err == NULL)
    r->err = (version == 0) ? "wrong checksum" : mw_unknownversion;
}


int mw_badvalue (const char *what) {
  return mw_bad(what, "", 0);
}


static int badrecord (const mw_Reader *r) {
  return mw_bad("damaged: ", r->err, strlen(r->err));
}


int mw_read_header (mw_Reader *r, int tag) {
  if (mw_read_u8(r) != (unsigned int)tag && r->err == NULL)
    r->err = "unknown tag";
  mw_read_version(r);
  return r->err == NULL || badrecord(r);
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


/* sets 'r->err' if the value does not end here */
static int atend (mw_Reader *r) {
  if (r->err == NULL && r->p != r->end)
    r->err = "too long";
  return r->err == NULL;
}


static int decodenamed (lua_State *L, mw_Reader *r, TValue *res) {
  const char *record = (const char *)r->p - 2;  /* its header */
  const char *name;
  size_t l;
  TValue k;
  mw_read_u8(r);  /* who named it */
  l = mw_read_u32(r);
  name = (const char *)mw_read_bytes(r, l);
  if (!atend(r))
    return 0;
  setsvalue(L, &k, luaS_newlstr(L, record, (size_t)(name + l - record)));
  return mw_rawget(mw_S.names, &k, res) ||
         mw_bad("there is no permanent named ", name, l);
}


static int decoderef (lua_State *L, mw_Reader *r, int tag, TValue *res) {
  uint32_t id = mw_read_u32(r);
  if (r->err == NULL && id == 0)
    r->err = "reference to nothing";
  if (!atend(r))
    return 0;
  if (tag == MW_TAG_STORED) {
    Table *h = mw_tablebyid(L, id);
    if (h == NULL) return 0;
    sethvalue(L, res, h);
  }
  else if (tag != MW_TAG_HANDLE) {
    GCObject *o = mw_objectbyid(L, tag, id);
    if (o == NULL) return 0;
    setgcovalue(L, res, o);
  }
  else {
    mw_handle_push(L, id);
    setobj(L, res, s2v(L->top.p - 1));
    L->top.p--;
  }
  return 1;
}


/* values with a tag that 'mw_decode' does not know */
static int decodeother (lua_State *L, mw_Reader *r, TValue *res) {
  int tag = (int)mw_read_u8(r);
  if (tag == MW_TAG_LFUNC)
    return mw_bytecode_decode(L, r, res);
  if (tag >= MW_TAG_OPEN)
    mw_read_version(r);
  switch (tag) {
    case MW_TAG_STORED: case MW_TAG_CLOSURE: case MW_TAG_HANDLE:
    case MW_TAG_THREAD: case MW_TAG_WRAP:
      return decoderef(L, r, tag, res);
    case MW_TAG_NAMED:
      return decodenamed(L, r, res);
    default:
      r->err = "unknown tag";
      return 0;
  }
}


int mw_decodevalue (lua_State *L, mw_Reader *r, TValue *res) {
  const unsigned char *p = r->p;
  int c = mw_decode(L, r);
  if (c == MW_DEC_OTHER) {
    if (decodeother(L, r, res))
      return 1;
    if (r->err == NULL)
      return 0;  /* 'why' is set */
  }
  else if (c == MW_DEC_OK) {
    setobj(L, res, s2v(L->top.p - 1));
    L->top.p--;
    if (atend(r))
      return 1;
  }
  else if (r->p == r->end && r->p - p == 3 && *p == MW_TAG_CFUNC) {
    const char *name = mw_registry_name((unsigned int)(p[1] | p[2] << 8));
    if (name == NULL) name = "(unknown)";
    return mw_bad("this build has no function ", name, strlen(name));
  }
  return badrecord(r);
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
