/*
** image.c
** Images of stored tables with all that they reach
*/

#include <string.h>

#include "ldo.h"

#include "imports.h"
#include "reach.h"
#include "stored.h"


static const unsigned char signature[] = {'M', 'W', 'T', MW_FORMAT};


static void addblob (lua_State *L, mw_Buffer *b, const void *p, size_t n) {
  mw_buf_addu32(L, b, n);
  mw_buf_add(L, b, p, n);
}


int mw_serialize (lua_State *L, uint32_t id, mw_Buffer *b) {
  size_t i;
  mw_reachstart(L);
  if (id == 0) {
    luaO_pushfstring(L, "stored table 0 is the runtime's");
    return 0;
  }
  mw_reached(MW_REF_TABLE, id);
  mw_reachall(L);
  if (mw_R.bad) {
    luaO_pushfstring(L, "stored table %d cannot be serialized: there is a "
                        "damaged entry in what it reaches", (int)id);
    return 0;
  }
  mw_buf_add(L, b, signature, sizeof(signature));
  mw_buf_addu32(L, b, mw_nfound);
  for (i = 0; i < mw_nfound; i++) {
    mw_Found f = *mw_found(i);
    mw_buf_addu8(L, b, (unsigned int)f.kind);
    if (f.kind == MW_REF_TEXT)
      mw_buf_addu64(L, b, f.id);
    else
      mw_buf_addu32(L, b, (size_t)f.id);
    if (f.kind == MW_REF_TABLE) {
      mw_Reader r, key;
      mw_buf_addu32(L, b, (size_t)mw_store_keys(L, (uint32_t)f.id, &mw_R.keys,
                                                &r));
      while (mw_store_nextkey(&r, &key)) {
        size_t l = (size_t)(key.end - key.p);
        mw_store_get(L, (uint32_t)f.id, key.p, l, &mw_R.val);
        addblob(L, b, key.p, l);
        addblob(L, b, mw_R.val.data, mw_R.val.n);
      }
    }
    else {
      mw_getrecord(&f);
      addblob(L, b, mw_R.val.data, mw_R.val.n);
    }
  }
  mw_reachdone();
  return 1;
}


/* an image that is being read; old ids are in mw_R.seen, new ones in 'state' */
typedef struct Image {
  mw_Buffer b;  /* copy, in which references are replaced */
  mw_Buffer hashes;  /* new hashes of texts, by 'state' */
  const char *err;
} Image;

static Image I;

/* the old id or hash of a part, as a key of mw_R.seen */
static uint32_t partkey (int kind, const unsigned char *p) {
  return (kind == MW_REF_TEXT) ? mw_fold(mw_gethash(p)) : mw_getid(p);
}


static void replace (int kind, const unsigned char *p) {
  uint32_t key = partkey(kind, p);
  const mw_Slot *s = (key != 0) ? mw_map_find(&mw_R.seen[kind], NULL, key)
                                : NULL;
  unsigned char *to = I.b.data + (p - I.b.data);
  if (s == NULL)
    I.err = "a reference leads out of it";
  else if (kind == MW_REF_TEXT)
    memcpy(to, I.hashes.data + s->state, 8);
  else
    memcpy(to, &s->state, 4);
}


static const unsigned char *blob (mw_Reader *r, size_t *n) {
  *n = mw_read_u32(r);
  return (r->err == NULL) ? mw_read_bytes(r, *n) : NULL;
}


static const char damaged[] = "it is damaged";

/* what to do with the parts of an image */
enum { STEP_IDS, STEP_TEXTS, STEP_REFS, STEP_WRITE };


static int hasclash (int kind, uint32_t key) {
  return key == 0 || mw_map_find(&mw_R.seen[kind], NULL, key) != NULL;
}


static void giveid (lua_State *L, int kind, uint32_t key) {
  mw_Slot *s;
  uint32_t id = 0;
  if (hasclash(kind, key)) {
    I.err = damaged;
    return;
  }
  if (kind != MW_REF_TEXT && (id = mw_newid(NULL)) == 0) {
    I.err = "there are no more ids";
    return;
  }
  s = mw_map_add(&mw_R.seen[kind], NULL, key);
  if (s == NULL)
    luaD_throw(L, LUA_ERRMEM);
  s->state = id;
}


/* a text gets its place in the store at once: others may use it, too */
static void givehash (lua_State *L, uint32_t key, const unsigned char *p,
                      size_t n) {
  mw_Buffer rec;
  uint64_t hash;
  int count = 0;
  if (!mw_refs(MW_TAG_TEXT, p, n, replace)) {
    I.err = damaged;
    return;
  }
  rec.data = I.b.data + (p - I.b.data);
  rec.n = rec.cap = n;
  if (!mw_text_put(L, &rec, &hash, &count)) {
    I.err = MW_STOREFAILED;
    return;
  }
  mw_map_find(&mw_R.seen[MW_REF_TEXT], NULL, key)->state = (uint32_t)I.hashes.n;
  mw_buf_addu64(L, &I.hashes, hash);
}


static void putpart (lua_State *L, uint32_t table, const unsigned char *key,
                     size_t klen, const unsigned char *val, size_t vlen) {
  if (!mw_store_set(L, table, key, klen, val, vlen))
    I.err = MW_STOREFAILED;
}


/* one part that is no table */
static void recordpart (lua_State *L, mw_Reader *r, int step, int kind,
                        uint32_t key) {
  size_t n;
  const unsigned char *p = blob(r, &n);
  uint32_t id;
  if (p == NULL)
    return;
  if (step == STEP_IDS) {
    giveid(L, kind, key);
    return;
  }
  if (step == STEP_TEXTS && kind == MW_REF_TEXT)
    givehash(L, key, p, n);
  if (step == STEP_REFS && !mw_refs(mw_recordtag[kind], p, n, replace))
    I.err = damaged;
  if (step != STEP_WRITE || kind == MW_REF_TEXT)
    return;
  id = mw_map_find(&mw_R.seen[kind], NULL, key)->state;
  mw_S.key.n = 0;
  mw_store_key(L, &mw_S.key, mw_recordtag[kind], id);
  putpart(L, 0, mw_S.key.data, mw_S.key.n, p, n);
}


static void tablepart (lua_State *L, mw_Reader *r, int step, uint32_t key) {
  uint32_t i, count = mw_read_u32(r);
  uint32_t id = 0;
  if (step == STEP_IDS)
    giveid(L, MW_REF_TABLE, key);
  else
    id = mw_map_find(&mw_R.seen[MW_REF_TABLE], NULL, key)->state;
  for (i = 0; i < count && r->err == NULL && I.err == NULL; i++) {
    size_t klen, vlen;
    const unsigned char *k = blob(r, &klen);
    const unsigned char *v = blob(r, &vlen);
    if (k == NULL || v == NULL)
      return;
    if (step == STEP_REFS) {
      if (!mw_refs(mw_entrytag(k, klen), v, vlen, replace))
        I.err = damaged;
    }
    else if (step == STEP_WRITE)
      putpart(L, id, k, klen, v, vlen);
  }
}


/* goes through all parts; returns the key of the first one */
static uint32_t parts (lua_State *L, int step) {
  mw_Reader r;
  uint32_t i, count, first = 0;
  const unsigned char *s;
  mw_reader(&r, &I.b);
  s = mw_read_bytes(&r, sizeof(signature));
  if (s == NULL || memcmp(s, signature, sizeof(signature)) != 0) {
    I.err = (s != NULL && memcmp(s, signature, 3) == 0) ? mw_unknownversion
                                                        : damaged;
    return 0;
  }
  count = mw_read_u32(&r);
  for (i = 0; i < count && r.err == NULL && I.err == NULL; i++) {
    int kind = (int)mw_read_u8(&r);
    const unsigned char *p;
    uint32_t key;
    if (kind >= MW_NREFS || (i == 0 && kind != MW_REF_TABLE)) {
      I.err = damaged;
      break;
    }
    p = mw_read_bytes(&r, kind == MW_REF_TEXT ? 8 : 4);
    if (p == NULL)
      break;
    key = partkey(kind, p);
    if (i == 0)
      first = key;
    if (kind == MW_REF_TABLE)
      tablepart(L, &r, step, key);
    else
      recordpart(L, &r, step, kind, key);
  }
  if (I.err == NULL && (r.err != NULL || r.p != r.end || count == 0))
    I.err = damaged;
  return first;
}


uint32_t mw_deserialize (lua_State *L, const unsigned char *p, size_t n) {
  uint32_t next = mw_S.next;
  uint32_t root = 0, first;
  mw_reachstart(L);
  I.err = NULL;
  I.b.n = I.hashes.n = 0;
  mw_buf_add(L, &I.b, p, n);
  first = parts(L, STEP_IDS);
  if (I.err == NULL)
    parts(L, STEP_TEXTS);  /* references to them need their new hashes */
  if (I.err == NULL)
    parts(L, STEP_REFS);
  if (I.err != NULL)
    mw_S.next = next;
  else if (!mw_store_handnew(L))  /* the counter */
    I.err = MW_STOREFAILED;
  else
    parts(L, STEP_WRITE);  /* if it fails, 'collect_tables' drops the rest */
  if (I.err == NULL)
    root = mw_map_find(&mw_R.seen[MW_REF_TABLE], NULL, first)->state;
  else
    luaO_pushfstring(L, "cannot deserialize the image: %s", I.err);
  mw_buf_free(&I.b);
  mw_buf_free(&I.hashes);
  mw_reachdone();
  return root;
}
