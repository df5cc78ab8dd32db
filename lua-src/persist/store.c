/*
** store.c
** The host's store: encoding, reading and writing of its entries
*/

#include <string.h>

#include "lstring.h"

#include "extlib.h"
#include "imports.h"
#include "mwlimits.h"
#include "registry.h"
#include "stored.h"


uint64_t mw_hash (uint64_t h, const void *p, size_t n) {
  const unsigned char *s = (const unsigned char *)p;
  while (n--)
    h = (h ^ *s++) * 0x100000001b3u;
  return h;
}


uint64_t mw_hashof (const void *p, size_t n) {
  return mw_hash(MW_HASHSEED, p, n);
}


void mw_newentry (void) {
  mw_key.n = mw_val.n = 0;
}


void mw_store_key (lua_State *L, mw_Buffer *b, int tag, uint64_t id) {
  mw_buf_addu8(L, b, (unsigned int)tag);
  if (tag == MW_TAG_TEXT)
    mw_buf_addu64(L, b, id);
  else
    mw_buf_addu32(L, b, (size_t)id);
}


void mw_store_u8 (unsigned int v) {
  mw_buf_addu8(mw_S.L, &mw_val, v);
}


void mw_store_u32 (size_t v) {
  mw_buf_addu32(mw_S.L, &mw_val, v);
}


void mw_store_header (int tag) {
  mw_buf_addu16(mw_S.L, &mw_val, mw_header(tag));
}


static void addref (int tag, uint32_t id) {
  if (tag >= MW_TAG_OPEN)
    mw_store_header(tag);
  else
    mw_store_u8((unsigned int)tag);
  mw_store_u32(id);
}


void mw_store_ref (GCObject *o) {
  addref(mw_tagof(o), mw_idof(o));
}


int mw_store_encode (const TValue *v) {
  lua_State *L = mw_S.L;
  const TString *name;
  uint32_t id;
  mw_note(1);
  if (mw_encode_scalar(L, &mw_val, v))
    return 1;
  if ((id = mw_registry_index(v)) != MW_CFUNC_NONE) {
    mw_store_u8(MW_TAG_CFUNC);
    mw_buf_addu16(L, &mw_val, id);
  }
  else if ((name = mw_permanent_record(v)) != NULL)
    mw_buf_add(L, &mw_val, getstr(name), tsslen(name));
  else if ((id = mw_handle_id(v)) != 0)
    addref(MW_TAG_HANDLE, id);
  else if (mw_isstoredvalue(v))
    mw_store_ref(gcvalue(v));
  else
    return 0;
  return 1;
}


uint64_t mw_cellhash (const UpVal *uv) {
  mw_val.n = 0;
  mw_store_encode(uv->v.p);
  return mw_hashof(mw_val.data, mw_val.n) | 1;
}


static uint32_t checksum (const unsigned char *p, size_t n) {
  return (uint32_t)mw_hashof(p, n);
}


/* room of a buffer (it fits, see buffer.c), as the host takes it */
#define room(b)		((unsigned int)(b)->cap)


/* reads the value of a key, or (key = NULL) the list of keys, from its start */
static int fetch (lua_State *L, uint32_t id, const void *key, size_t klen,
                  mw_Buffer *b) {
  int n;
  b->n = 0;
  while ((n = (key != NULL)
              ? js_ext_table_get(id, key, (unsigned int)klen, b->data, room(b))
              : js_ext_table_keys(id, b->data, room(b))) > (int)room(b))
    mw_buf_reserve(L, b, (size_t)n);
  b->n = (n > 0) ? (size_t)n : 0;
  mw_note(1 + mw_bytes(b->n));
  return n;
}


int mw_store_get (lua_State *L, uint32_t id, const void *key, size_t klen,
                  mw_Buffer *b) {
  int n = fetch(L, id, key, klen, b);
  if (n < 0)
    return 0;
  if (n > 6 && b->data[0] >= MW_TAG_OPEN && b->data[1] == MW_SEALED) {
    uint32_t sum;
    b->n -= 4;
    memcpy(&sum, b->data + b->n, 4);
    b->data[1] = (sum == checksum(b->data, b->n)) ? MW_FORMAT : 0;
  }
  return 1;
}


int mw_store_find (lua_State *L, int tag, uint64_t id, mw_Buffer *b) {
  mw_Buffer *key = &mw_scratch(RECORDKEY);
  key->n = 0;
  mw_store_key(L, key, tag, id);
  return mw_store_get(L, 0, key->data, key->n, b);
}


void mw_store_record (lua_State *L, int tag, uint64_t id, mw_Buffer *b,
                      mw_Reader *r) {
  if (!mw_store_find(L, tag, id, b))
    mw_badvalue("a record of it is missing");
  if (r != NULL) {
    mw_reader(r, b->data, b->n);
    mw_read_header(r, tag);
  }
}


int mw_store_set (lua_State *L, uint32_t id, const void *key, size_t klen,
                  const void *val, size_t n) {
  int ok;
  if (n > 2 && *(const unsigned char *)val >= MW_TAG_OPEN) {
    mw_scratch(SEALED).n = 0;
    mw_buf_add(L, &mw_scratch(SEALED), val, n);
    mw_scratch(SEALED).data[1] = MW_SEALED;
    mw_buf_addu32(L, &mw_scratch(SEALED), checksum(mw_scratch(SEALED).data, n));
    val = mw_scratch(SEALED).data;
    n = mw_scratch(SEALED).n;
  }
  ok = js_ext_table_set(id, key, (unsigned int)klen, val,
                        (unsigned int)n) == 0;
  return ok;
}


unsigned int mw_store_keys (lua_State *L, uint32_t id, mw_Buffer *b,
                            mw_Reader *r) {
  uint32_t count, i;
  mw_Reader c;
  int n = fetch(L, id, NULL, 0, b);
  mw_reader(r, b->data, b->n);
  if (n <= 0)  /* (some hosts have nothing for what they do not know) */
    return 0;
  c = *r;
  r->p = r->end;
  c.throws = 0;
  count = mw_read_u32(&c);
  for (i = 0; i < count && c.err == NULL; i++)
    mw_read_bytes(&c, mw_read_u32(&c));
  if (c.err != NULL || count > 0x7fffffff)
    mw_badvalue("the host's list of keys is damaged");
  r->p = b->data + 4;
  r->end = c.p;
  return count;
}


int mw_store_nextkey (mw_Reader *r, mw_Reader *key) {
  size_t l;
  if (r->p >= r->end)
    return 0;
  l = mw_read_u32(r);
  mw_reader(key, mw_read_bytes(r, l), l);
  return 1;
}


static void step (lua_State *L, void *ud) {
  mw_Keys *w = (mw_Keys *)ud;
  if (!w->begun) {
    w->begun = 1;
    w->n = mw_store_keys(L, w->id, w->b, &w->r);
  }
  while (mw_store_nextkey(&w->r, &w->key))
    w->visit(L, w);
}


int mw_store_walk (lua_State *L, mw_Keys *w) {
  return mw_try(L, step, w);
}
