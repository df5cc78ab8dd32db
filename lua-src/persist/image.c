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
      mw_buf_addu32(L, b, (size_t)mw_store_keys(L, (uint32_t)f.id, &mw_rkeys,
                                                &r));
      while (mw_store_nextkey(&r, &key)) {
        size_t l = (size_t)(key.end - key.p);
        mw_store_get(L, (uint32_t)f.id, key.p, l, &mw_rval);
        addblob(L, b, key.p, l);
        addblob(L, b, mw_rval.data, mw_rval.n);
      }
    }
    else {
      mw_getrecord(&f);
      addblob(L, b, mw_rval.data, mw_rval.n);
    }
  }
  mw_reachdone();
  return 1;
}


/*
** An image that is being read; old ids are in mw_R.seen, new ones in 'state'.
** 'copy' is of the image: references are replaced in it. 'hashes' has the new
** ones of texts, by 'state'.
*/
#define copy	mw_scratch(IMAGE)
#define hashes	mw_scratch(HASHES)

/* the old id or hash of a part, as a key of mw_R.seen */
static uint32_t partkey (int kind, const unsigned char *p) {
  return (kind == MW_REF_TEXT) ? mw_fold(mw_gethash(p)) : mw_getid(p);
}


static void replace (int kind, const unsigned char *p) {
  uint32_t key = partkey(kind, p);
  const mw_Slot *s = mw_seen(kind, key);
  unsigned char *to = copy.data + (p - copy.data);
  if (s == NULL)
    mw_badvalue("a reference leads out of it");
  if (kind == MW_REF_TEXT)
    memcpy(to, hashes.data + s->state, 8);
  else
    memcpy(to, &s->state, 4);
}


static const unsigned char *blob (mw_Reader *r, size_t *n) {
  *n = mw_read_u32(r);
  return mw_read_bytes(r, *n);
}


static const char damaged[] = "it is damaged";

/* what to do with the parts of an image */
enum { STEP_IDS, STEP_TEXTS, STEP_REFS, STEP_WRITE };


static void giveid (lua_State *L, int kind, uint32_t key) {
  mw_Slot *s;
  uint32_t id = 0;
  if (key == 0 || mw_seen(kind, key) != NULL)
    mw_badvalue(damaged);
  if (kind != MW_REF_TEXT && (id = mw_newid(NULL)) == 0)
    mw_badvalue("there are no more ids");
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
  mw_refs(MW_TAG_TEXT, p, n, replace);
  rec.data = copy.data + (p - copy.data);
  rec.n = rec.cap = n;
  if (!mw_text_put(L, &rec, &hash, &count))
    mw_badvalue(MW_STOREFAILED);
  mw_seen(MW_REF_TEXT, key)->state = (uint32_t)hashes.n;
  mw_buf_addu64(L, &hashes, hash);
}


/* one part: the entries of a table, or a record, which is like one entry */
static void part (lua_State *L, mw_Reader *r, int step, int kind,
                  uint32_t key) {
  int istable = (kind == MW_REF_TABLE);
  uint32_t count = istable ? mw_read_u32(r) : 1;
  uint32_t id = 0;
  if (step == STEP_IDS)
    giveid(L, kind, key);
  else
    id = mw_seen(kind, key)->state;
  for (; count > 0; count--) {
    size_t klen = 0, n;
    const unsigned char *k = istable ? blob(r, &klen) : NULL;
    const unsigned char *p = blob(r, &n);
    if (step == STEP_TEXTS && kind == MW_REF_TEXT)
      givehash(L, key, p, n);
    else if (step == STEP_REFS)
      mw_refs(istable ? mw_entrytag(k, klen) : mw_recordtag[kind], p, n,
              replace);
    else if (step == STEP_WRITE && kind != MW_REF_TEXT) {
      if (!istable) {
        mw_key.n = 0;
        mw_store_key(L, &mw_key, mw_recordtag[kind], id);
        k = mw_key.data;
        klen = mw_key.n;
      }
      if (!mw_store_set(L, istable ? id : 0, k, klen, p, n))
        mw_badvalue(MW_STOREFAILED);
    }
  }
}


/* goes through all parts; returns the key of the first one */
static uint32_t parts (lua_State *L, int step) {
  mw_Reader r;
  uint32_t i, count, first = 0;
  const unsigned char *s;
  mw_reader(&r, copy.data, copy.n);
  s = mw_read_bytes(&r, sizeof(signature));
  if (memcmp(s, signature, sizeof(signature)) != 0)
    mw_badvalue(memcmp(s, signature, 3) == 0 ? mw_unknownversion : damaged);
  count = mw_read_u32(&r);
  for (i = 0; i < count; i++) {
    int kind = (int)mw_read_u8(&r);
    const unsigned char *p;
    uint32_t key;
    if (kind >= MW_NREFS || (i == 0 && kind != MW_REF_TABLE))
      mw_badvalue(damaged);
    p = mw_read_bytes(&r, kind == MW_REF_TEXT ? 8 : 4);
    key = partkey(kind, p);
    if (i == 0)
      first = key;
    part(L, &r, step, kind, key);
  }
  if (r.p != r.end || count == 0)
    mw_badvalue(damaged);
  return first;
}


/* reads the image; 'ud' is for the id of its first table */
static void readimage (lua_State *L, void *ud) {
  uint32_t first = parts(L, STEP_IDS);
  parts(L, STEP_TEXTS);  /* references to them need their new hashes */
  parts(L, STEP_REFS);
  *(uint32_t *)ud = mw_seen(MW_REF_TABLE, first)->state;
}


static void writeimage (lua_State *L, void *ud) {
  (void)ud;
  if (!mw_store_handnew(L))  /* the counter */
    mw_badvalue(MW_STOREFAILED);
  parts(L, STEP_WRITE);  /* if it fails, 'collect_tables' drops the rest */
}


uint32_t mw_deserialize (lua_State *L, const unsigned char *p, size_t n) {
  uint32_t next = mw_S.next;
  uint32_t root = 0;
  int ok;
  mw_reachstart(L);
  copy.n = hashes.n = 0;
  mw_buf_add(L, &copy, p, n);
  ok = mw_try(L, readimage, &root);
  if (!ok)
    mw_S.next = next;
  else
    ok = mw_try(L, writeimage, NULL);
  if (!ok)
    luaO_pushfstring(L, "cannot deserialize the image: %s", mw_S.why);
  mw_reachdone();
  return ok ? root : 0;
}
