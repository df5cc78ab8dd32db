/*
** decode.c
** Decoding of stored keys and values
*/

#include <stdio.h>
#include <string.h>

#include "ldo.h"
#include "lstring.h"
#include "lvm.h"

#include "extlib.h"
#include "registry.h"
#include "stored.h"


l_noret mw_bad (const char *what, const char *name, size_t len) {
  if (!mw_S.whykept)
    snprintf(mw_S.why, sizeof(mw_S.why), "%s%.*s", what, (int)len, name);
  luaD_throw(mw_S.L, MW_BADDATA);
}


const char mw_unknownversion[] = "unknown version (of a newer release?)";


l_noret mw_badvalue (const char *what) {
  mw_bad(what, "", 0);
}


l_noret mw_damaged (const char *err) {
  mw_bad("damaged: ", err, strlen(err));
}


void mw_read_version (mw_Reader *r) {
  unsigned int version = mw_read_u8(r);
  if (version != MW_FORMAT)
    mw_damaged((version == 0) ? "wrong checksum" : mw_unknownversion);
}


void mw_read_header (mw_Reader *r, int tag) {
  if (mw_read_u8(r) != (unsigned int)tag)
    mw_damaged("unknown tag");
  mw_read_version(r);
}


void mw_reader (mw_Reader *r, const void *p, size_t n) {
  r->p = (const unsigned char *)p;
  r->end = r->p + n;
  r->err = NULL;
  r->throws = 1;
}


Table *mw_tablebyid (lua_State *L, uint32_t id) {
  GCObject *o = mw_object(id);
  Table *h;
  if (o != NULL) {
    if (o->tt == LUA_VTABLE)
      return gco2t(o);
    mw_badvalue("its id is that of something else");
  }
  h = luaH_new(L);
  mw_adopt(L, obj2gco(h), id);
  mw_seenid(id);
  h->metatable = mw_shellmt;
  return h;
}


/* a value has to end here */
static void atend (const mw_Reader *r) {
  if (r->p != r->end)
    mw_damaged("too long");
}


static void decodenamed (lua_State *L, mw_Reader *r, TValue *res) {
  const char *record = (const char *)r->p - 2;  /* its header */
  const char *name;
  size_t l;
  TValue k;
  mw_read_u8(r);  /* who named it */
  l = mw_read_u32(r);
  name = (const char *)mw_read_bytes(r, l);
  atend(r);
  setsvalue(L, &k, luaS_newlstr(L, record, (size_t)(name + l - record)));
  mw_lookup(mw_S.names, &k, res);
  if (ttisnil(res))
    mw_bad("there is no permanent named ", name, l);
}


static void decoderef (lua_State *L, mw_Reader *r, int tag, TValue *res) {
  uint32_t id = mw_read_u32(r);
  if (id == 0)
    mw_damaged("reference to nothing");
  atend(r);
  if (tag == MW_TAG_HANDLE)
    mw_handle_push(L, id);
  else {
    GCObject *o = (tag == MW_TAG_STORED) ? obj2gco(mw_tablebyid(L, id))
                                         : mw_objectbyid(L, tag, id);
    setgcovalue(L, s2v(L->top.p), o);
    L->top.p++;
  }
  mw_popto(L, res);
}


void mw_popto (lua_State *L, TValue *res) {
  L->top.p--;
  setobj(L, res, s2v(L->top.p));
}


/* values with a tag that 'mw_decode' does not know */
static void decodeother (lua_State *L, mw_Reader *r, TValue *res) {
  int tag = (int)mw_read_u8(r);
  if (tag == MW_TAG_LFUNC) {
    mw_bytecode_decode(L, r, res);
    return;
  }
  if (tag >= MW_TAG_OPEN)
    mw_read_version(r);
  switch (tag) {
    case MW_TAG_STORED: case MW_TAG_CLOSURE: case MW_TAG_HANDLE:
    case MW_TAG_THREAD: case MW_TAG_WRAP:
      decoderef(L, r, tag, res);
      break;
    case MW_TAG_NAMED:
      decodenamed(L, r, res);
      break;
    default:
      mw_damaged("unknown tag");
  }
}


void mw_decodevalue (lua_State *L, mw_Reader *r, TValue *res) {
  const unsigned char *p = r->p;
  int c = mw_decode(L, r);
  if (c == MW_DEC_OTHER)
    decodeother(L, r, res);
  else if (c == MW_DEC_OK) {
    mw_popto(L, res);
    atend(r);
  }
  else {  /* (what else may be wrong is raised) */
    const char *name = mw_registry_name((unsigned int)(p[1] | p[2] << 8));
    if (name == NULL) name = "(unknown)";
    mw_bad("this build has no function ", name, strlen(name));
  }
}


int mw_decodekey (lua_State *L, mw_Reader *r, TValue *res) {
  lua_Integer i;
  if (r->p < r->end && *r->p >= MW_TAG_OPEN)
    return 0;
  r->throws = 0;
  if (r->p < r->end && MW_TAG_NIL < *r->p && *r->p <= MW_TAG_STRING &&
      mw_decode(L, r) == MW_DEC_OK) {
    mw_popto(L, res);
    if (r->p == r->end &&
        (!ttisfloat(res) ||  /* has to be one that a table can have */
         (!luai_numisnan(fltvalue(res)) &&
          !luaV_flttointeger(fltvalue(res), &i, F2Ieq))))
      return 1;
  }
  mw_badvalue("damaged key");
}
