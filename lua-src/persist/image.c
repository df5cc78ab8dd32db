/*
** image.c
** Work on the bytes of stored tables, whether they are in memory or not:
** what is reachable, dropping what is not, and images of tables
*/

#include <string.h>

#include "ldo.h"
#include "lobject.h"

#include "imports.h"
#include "stored.h"


/*
** {==================================================================
** References in encoded values
** ===================================================================
*/

enum { REF_TABLE, REF_CLOSURE, REF_CELL, REF_TEXT, NREFS };

/* called for each reference: its id (4 bytes, or 8 of a text) is at 'p' */
typedef void (*Visitor) (void *ud, int kind, const unsigned char *p);


static void ref (mw_Reader *r, int kind, Visitor f, void *ud) {
  const unsigned char *p = mw_read_bytes(r, kind == REF_TEXT ? 8 : 4);
  if (p != NULL)
    f(ud, kind, p);
}


static void skipstring (mw_Reader *r) {
  size_t l = mw_read_u32(r);
  if (r->err == NULL)
    mw_read_bytes(r, l);
}


static void version (mw_Reader *r) {
  if (mw_read_u8(r) != MW_FORMAT && r->err == NULL)
    r->err = "unknown version";
}


/* walks over one value */
static void valuerefs (mw_Reader *r, Visitor f, void *ud) {
  switch (mw_read_u8(r)) {
    case MW_TAG_NIL:
      return;
    case MW_TAG_BOOLEAN:
      mw_read_bytes(r, 1);
      return;
    case MW_TAG_INTEGER: case MW_TAG_FLOAT:
      mw_read_bytes(r, 8);
      return;
    case MW_TAG_STRING: case MW_TAG_LFUNC:
      skipstring(r);
      return;
    case MW_TAG_CFUNC:
      mw_read_bytes(r, 2);
      return;
    case MW_TAG_STORED:
      ref(r, REF_TABLE, f, ud);
      return;
    case MW_TAG_HANDLE:
      version(r);
      ref(r, REF_TABLE, f, ud);
      return;
    case MW_TAG_CLOSURE:
      version(r);
      ref(r, REF_CLOSURE, f, ud);
      return;
    case MW_TAG_NAMED:
      version(r);
      mw_read_bytes(r, 1);
      skipstring(r);
      return;
    default:
      r->err = "unknown tag";
  }
}


/*
** Walks over a value or record; 'tag' is its record's, or 0 for a plain
** value. Returns 0 if it is damaged.
*/
static int refs (int tag, const unsigned char *p, size_t n, Visitor f,
                 void *ud) {
  mw_Reader r;
  r.p = p;
  r.end = p + n;
  r.err = NULL;
  if (tag != 0) {
    if (mw_read_u8(&r) != (unsigned int)tag)
      return 0;
    version(&r);
  }
  if (r.err != NULL)
    return 0;
  if (tag == MW_TAG_TEXT)
    return 1;
  else if (tag == MW_TAG_CLOSURE) {
    unsigned int i;
    ref(&r, REF_TEXT, f, ud);
    mw_read_bytes(&r, 4);
    for (i = mw_read_u8(&r); i > 0 && r.err == NULL; i--)
      ref(&r, REF_CELL, f, ud);
  }
  else
    valuerefs(&r, f, ud);
  return r.err == NULL && r.p == r.end;
}


static uint32_t getid (const unsigned char *p) {
  return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
         (uint32_t)p[3] << 24;
}


static uint64_t gethash (const unsigned char *p) {
  return getid(p) | (uint64_t)getid(p + 4) << 32;
}


static void putid (unsigned char *p, uint64_t v, int n) {
  for (; n > 0; n--, v >>= 8)
    *p++ = (unsigned char)v;
}


/* record tag of a table's entry, by its key */
static int entrytag (const unsigned char *key, size_t n) {
  return (n > 0 && key[0] >= MW_TAG_OPEN) ? key[0] : 0;
}

/* }================================================================== */


/*
** {==================================================================
** What is reachable
** ===================================================================
*/

typedef struct Found {
  int kind;
  uint64_t id;  /* or hash */
} Found;

typedef struct Reach {
  lua_State *L;
  mw_Map seen[NREFS];
  mw_Buffer queue;  /* of Found, in order of appearance */
  mw_Buffer keys, val, key;
  uint32_t max;
  int bad;  /* is an entry or a record damaged? */
} Reach;

static Reach R;

#define found(i)	(((Found *)(void *)R.queue.data) + (i))
#define nfound		(R.queue.n / sizeof(Found))

/*
** Texts are told by half their hash: if two fall together neither is
** dropped.
*/
#define fold(h)		((uint32_t)((h) ^ ((h) >> 32)) | 1)


static void reached (int kind, uint64_t id) {
  uint32_t key = (kind == REF_TEXT) ? fold(id) : (uint32_t)id;
  if (key == 0 || mw_map_find(&R.seen[kind], NULL, key) != NULL)
    return;
  mw_buf_reserve(R.L, &R.queue, sizeof(Found));
  if (mw_map_add(&R.seen[kind], NULL, key) == NULL)
    luaD_throw(R.L, LUA_ERRMEM);
  found(nfound)->kind = kind;
  found(nfound)->id = id;
  R.queue.n += sizeof(Found);
  if (kind != REF_TEXT && key > R.max && key < MW_MAXID)
    R.max = key;
}


static void visit (void *ud, int kind, const unsigned char *p) {
  (void)ud;
  if (kind != REF_TEXT && getid(p) == 0)
    R.bad = 1;
  reached(kind, kind == REF_TEXT ? gethash(p) : getid(p));
}


static void reachdone (void) {
  int i;
  for (i = 0; i < NREFS; i++)
    mw_map_free(&R.seen[i]);
  mw_buf_free(&R.queue);
  mw_buf_free(&R.keys);
  mw_buf_free(&R.val);
  mw_buf_free(&R.key);
  R.max = R.bad = 0;
}


static void reachstart (lua_State *L) {
  int i;
  reachdone();
  R.L = L;
  for (i = 0; i < NREFS; i++)
    R.seen[i].byid = 1;
}


static const int recordtag[NREFS] = {
  0, MW_TAG_CLOSURE, MW_TAG_CELL, MW_TAG_TEXT
};


/* reads the record of what is no table; 0 if there is none */
static int getrecord (const Found *f) {
  R.key.n = 0;
  if (f->kind == REF_TEXT)
    mw_text_key(R.L, &R.key, f->id);
  else
    mw_store_key(R.L, &R.key, recordtag[f->kind], (uint32_t)f->id);
  return mw_store_get(R.L, 0, R.key.data, R.key.n, &R.val);
}


/* goes through all that can be reached from what was found so far */
static void reach (lua_State *L) {
  size_t i;
  for (i = 0; i < nfound; i++) {
    Found f = *found(i);
    if (f.kind == REF_TABLE) {
      mw_Reader r, key;
      uint32_t id = (uint32_t)f.id;
      if (mw_store_keys(L, id, &R.keys, &r) < 0)
        R.bad = 1;
      while (mw_store_nextkey(&r, &key)) {
        size_t l = (size_t)(key.end - key.p);
        if (!mw_store_get(L, id, key.p, l, &R.val) ||
            !refs(entrytag(key.p, l), R.val.data, R.val.n, visit, NULL))
          R.bad = 1;
      }
    }
    else if (!getrecord(&f) ||
             !refs(recordtag[f.kind], R.val.data, R.val.n, visit, NULL))
      R.bad = 1;
  }
}


uint32_t mw_scan (lua_State *L) {
  uint32_t i, max;
  reachstart(L);
  reached(REF_TABLE, mw_S.memory);
  for (i = 0; i < mw_S.byid.size; i++)
    reached(REF_TABLE, mw_S.byid.slots[i].id);
  reach(L);
  max = R.max;
  reachdone();
  return max;
}

/* }================================================================== */


/*
** {==================================================================
** Dropping what is not reachable
** ===================================================================
*/

static int isreached (const GCObject *o, uint32_t id) {
  int kind = (o->tt == LUA_VTABLE) ? REF_TABLE
             : (o->tt == LUA_VLCL) ? REF_CLOSURE : REF_CELL;
  return mw_map_find(&R.seen[kind], NULL, id) != NULL;
}


/* objects in memory that are not reachable in the store */
static void findlost (lua_State *L, mw_Buffer *b, int onlyshells) {
  uint32_t i;
  b->n = 0;
  for (i = 0; i < mw_S.byobj.size; i++) {
    GCObject *o = mw_S.byobj.slots[i].o;
    if (o != NULL && !isdead(G(L), o) &&
        !isreached(o, mw_S.byobj.slots[i].id) &&
        (!onlyshells || (o->tt == LUA_VTABLE && mw_isshell(gco2t(o)) &&
                 !(mw_S.byobj.slots[i].state & MW_ST_GUARDED))))
      mw_buf_add(L, b, &o, sizeof(o));
  }
}


static GCObject *lostat (const mw_Buffer *b, size_t i) {
  GCObject *o;
  memcpy(&o, b->data + i, sizeof(o));
  return o;
}


/* what is not stored any more goes on as what it was */
static void release (lua_State *L, GCObject *o) {
  TValue k, v, nil;
  setgcovalue(L, &k, o);
  setnilvalue(&nil);
  mw_rawset(L, mw_S.pending, &k, &nil);
  if (o->tt == LUA_VTABLE && mw_isshell(gco2t(o))) {
    Table *mt = NULL;
    if (mw_rawget(mw_S.guards, &k, &v) && ttistable(&v))
      mt = hvalue(&v);
    gco2t(o)->metatable = mt;
    if (mt != NULL)
      luaC_objbarrier(L, o, mt);
    mw_rawset(L, mw_S.guards, &k, &nil);
  }
  mw_forget(o);
}


static int droptable (lua_State *L, uint32_t id, int *n) {
  if (js_ext_table_size(id) <= 0)
    return 1;
  if (js_ext_table_drop(id) != 0) {
    luaO_pushfstring(L, "the host's store failed to drop stored table %d",
                        (int)id);
    return 0;
  }
  (*n)++;
  return 1;
}


/* records of table 0 that nothing refers to */
static int droprecords (lua_State *L) {
  mw_Reader r, key;
  if (mw_store_keys(L, 0, &R.keys, &r) < 0)
    return 1;  /* nothing is known about them */
  while (mw_store_nextkey(&r, &key)) {
    size_t l = (size_t)(key.end - key.p);
    int kind;
    for (kind = REF_CLOSURE; kind < NREFS; kind++) {
      if (l == (kind == REF_TEXT ? 9 : 5) && *key.p == recordtag[kind]) {
        uint32_t id = (kind == REF_TEXT) ? fold(gethash(key.p + 1))
                                         : getid(key.p + 1);
        if ((id == 0 || mw_map_find(&R.seen[kind], NULL, id) == NULL) &&
            js_ext_table_delete(0, key.p, (unsigned int)l) != 0) {
          luaO_pushfstring(L, "the host's store failed to delete a record");
          return 0;
        }
      }
    }
  }
  return 1;
}


int mw_collect (lua_State *L, const uint32_t *roots, size_t n) {
  static mw_Buffer lost;
  size_t i;
  uint32_t id;
  int dropped = 0;
  reachstart(L);
  reached(REF_TABLE, mw_S.memory);
  for (i = 0; i < n; i++) {
    memcpy(&id, roots + i, sizeof(id));
    reached(REF_TABLE, id);
  }
  reach(L);
  for (;;) {  /* a script may hold what is going to be dropped: load it */
    findlost(L, &lost, 1);
    if (lost.n == 0)
      break;
    for (i = 0; i < lost.n; i += sizeof(GCObject *)) {
      Table *h = gco2t(lostat(&lost, i));
      mw_touch(L, h);
    }
  }
  findlost(L, &lost, 0);
  for (i = 0; i < lost.n; i += sizeof(GCObject *)) {
    GCObject *o = lostat(&lost, i);
    id = mw_slotof(o)->id;
    release(L, o);
    if (o->tt == LUA_VTABLE && id >= mw_S.next && !droptable(L, id, &dropped))
      return -1;
  }
  for (id = 1; id < mw_S.next; id++) {
    if (mw_map_find(&R.seen[REF_TABLE], NULL, id) == NULL &&
        !droptable(L, id, &dropped))
      return -1;
  }
  if (!droprecords(L))
    return -1;
  mw_buf_free(&lost);
  reachdone();
  return dropped;
}

/* }================================================================== */


/*
** {==================================================================
** Images
** ===================================================================
*/

static const unsigned char signature[] = {'M', 'W', 'T', MW_FORMAT};


static void addblob (lua_State *L, mw_Buffer *b, const void *p, size_t n) {
  mw_buf_addu32(L, b, n);
  mw_buf_add(L, b, p, n);
}


int mw_serialize (lua_State *L, uint32_t id, mw_Buffer *b) {
  size_t i;
  reachstart(L);
  if (id == 0) {
    luaO_pushfstring(L, "stored table 0 is the runtime's");
    return 0;
  }
  reached(REF_TABLE, id);
  reach(L);
  if (R.bad) {
    luaO_pushfstring(L, "stored table %d cannot be serialized: there is a "
                        "damaged entry in what it reaches", (int)id);
    return 0;
  }
  mw_buf_add(L, b, signature, sizeof(signature));
  mw_buf_addu32(L, b, nfound);
  for (i = 0; i < nfound; i++) {
    Found f = *found(i);
    mw_buf_addu8(L, b, (unsigned int)f.kind);
    if (f.kind == REF_TEXT)
      mw_buf_addu64(L, b, f.id);
    else
      mw_buf_addu32(L, b, (size_t)f.id);
    if (f.kind == REF_TABLE) {
      mw_Reader r, key;
      mw_buf_addu32(L, b, (size_t)mw_store_keys(L, (uint32_t)f.id, &R.keys,
                                                &r));
      while (mw_store_nextkey(&r, &key)) {
        size_t l = (size_t)(key.end - key.p);
        mw_store_get(L, (uint32_t)f.id, key.p, l, &R.val);
        addblob(L, b, key.p, l);
        addblob(L, b, R.val.data, R.val.n);
      }
    }
    else {
      getrecord(&f);
      addblob(L, b, R.val.data, R.val.n);
    }
  }
  reachdone();
  return 1;
}


/* an image that is being read; old ids are in R.seen, new ones in 'state' */
typedef struct Image {
  mw_Buffer b;  /* copy, in which references are replaced */
  mw_Buffer hashes;  /* new hashes of texts, by 'state' */
  const char *err;
} Image;

static Image I;

/* the old id or hash of a part, as a key of R.seen */
static uint32_t partkey (int kind, const unsigned char *p) {
  return (kind == REF_TEXT) ? fold(gethash(p)) : getid(p);
}


static void replace (void *ud, int kind, const unsigned char *p) {
  uint32_t key = partkey(kind, p);
  const mw_Slot *s = (key != 0) ? mw_map_find(&R.seen[kind], NULL, key)
                                : NULL;
  unsigned char *to = I.b.data + (p - I.b.data);
  (void)ud;
  if (s == NULL)
    I.err = "a reference leads out of it";
  else if (kind == REF_TEXT)
    memcpy(to, I.hashes.data + s->state, 8);
  else
    putid(to, s->state, 4);
}


static const unsigned char *blob (mw_Reader *r, size_t *n) {
  *n = mw_read_u32(r);
  return (r->err == NULL) ? mw_read_bytes(r, *n) : NULL;
}


/* what to do with the parts of an image */
enum { STEP_IDS, STEP_REFS, STEP_WRITE };


static int hasclash (int kind, uint32_t key) {
  return key == 0 || mw_map_find(&R.seen[kind], NULL, key) != NULL;
}


static void giveid (lua_State *L, int kind, uint32_t key) {
  mw_Slot *s;
  uint32_t id = 0;
  if (hasclash(kind, key)) {
    I.err = "a part is there twice";
    return;
  }
  if (kind != REF_TEXT && (id = mw_newid(NULL)) == 0) {
    I.err = "there are no more ids";
    return;
  }
  s = mw_map_add(&R.seen[kind], NULL, key);
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
  rec.data = I.b.data + (p - I.b.data);
  rec.n = rec.cap = n;
  if (!mw_text_put(L, &rec, &hash, &count)) {
    I.err = "the host's store failed";
    return;
  }
  mw_map_find(&R.seen[REF_TEXT], NULL, key)->state = (uint32_t)I.hashes.n;
  mw_buf_addu64(L, &I.hashes, hash);
}


static void putpart (uint32_t table, const unsigned char *key, size_t klen,
                     const unsigned char *val, size_t vlen) {
  if (js_ext_table_set(table, key, (unsigned int)klen, val,
                       (unsigned int)vlen) != 0)
    I.err = "the host's store failed";
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
  if (step == STEP_REFS) {
    if (!refs(recordtag[kind], p, n, replace, NULL))
      I.err = "a record is damaged";
    return;
  }
  if (kind == REF_TEXT)
    return;
  id = mw_map_find(&R.seen[kind], NULL, key)->state;
  mw_S.key.n = 0;
  mw_store_key(L, &mw_S.key, recordtag[kind], id);
  putpart(0, mw_S.key.data, mw_S.key.n, p, n);
}


static void tablepart (lua_State *L, mw_Reader *r, int step, uint32_t key) {
  uint32_t i, count = mw_read_u32(r);
  uint32_t id = 0;
  if (step == STEP_IDS)
    giveid(L, REF_TABLE, key);
  else
    id = mw_map_find(&R.seen[REF_TABLE], NULL, key)->state;
  for (i = 0; i < count && r->err == NULL && I.err == NULL; i++) {
    size_t klen, vlen;
    const unsigned char *k = blob(r, &klen);
    const unsigned char *v = blob(r, &vlen);
    if (k == NULL || v == NULL)
      return;
    if (step == STEP_REFS) {
      if (!refs(entrytag(k, klen), v, vlen, replace, NULL))
        I.err = "an entry is damaged";
    }
    else if (step == STEP_WRITE)
      putpart(id, k, klen, v, vlen);
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
    I.err = "it is not one of this version";
    return 0;
  }
  count = mw_read_u32(&r);
  for (i = 0; i < count && r.err == NULL && I.err == NULL; i++) {
    int kind = (int)mw_read_u8(&r);
    const unsigned char *p;
    uint32_t key;
    if (kind >= NREFS || (i == 0 && kind != REF_TABLE)) {
      I.err = "unknown kind of part";
      break;
    }
    p = mw_read_bytes(&r, kind == REF_TEXT ? 8 : 4);
    if (p == NULL)
      break;
    key = partkey(kind, p);
    if (i == 0)
      first = key;
    if (kind == REF_TABLE)
      tablepart(L, &r, step, key);
    else
      recordpart(L, &r, step, kind, key);
  }
  if (I.err == NULL && (r.err != NULL || r.p != r.end || count == 0))
    I.err = "it is cut off or too long";
  return first;
}


/* texts come first: references to them need their new hashes */
static void texts (lua_State *L) {
  mw_Reader r;
  mw_reader(&r, &I.b);
  r.p += sizeof(signature) + 4;
  while (r.p < r.end && I.err == NULL) {
    int kind = (int)mw_read_u8(&r);
    const unsigned char *p = mw_read_bytes(&r, kind == REF_TEXT ? 8 : 4);
    uint32_t i, count = (kind == REF_TABLE) ? mw_read_u32(&r) * 2 : 1;
    size_t n = 0;
    const unsigned char *s = NULL;
    for (i = 0; i < count; i++)
      s = blob(&r, &n);
    if (kind == REF_TEXT) {
      if (n < 2 || s[0] != MW_TAG_TEXT || s[1] != MW_FORMAT)
        I.err = "a text is damaged";
      else
        givehash(L, partkey(kind, p), s, n);
    }
  }
}


uint32_t mw_deserialize (lua_State *L, const unsigned char *p, size_t n) {
  uint32_t next = mw_S.next;
  uint32_t root = 0, first;
  reachstart(L);
  I.err = NULL;
  I.b.n = I.hashes.n = 0;
  mw_buf_add(L, &I.b, p, n);
  first = parts(L, STEP_IDS);
  if (I.err == NULL)
    texts(L);
  if (I.err == NULL)
    parts(L, STEP_REFS);
  if (I.err != NULL)
    mw_S.next = next;
  else if (!mw_store_handnew(L))  /* the counter */
    I.err = "the host's store failed";
  else
    parts(L, STEP_WRITE);  /* if it fails, 'collect_tables' drops the rest */
  if (I.err == NULL)
    root = mw_map_find(&R.seen[REF_TABLE], NULL, first)->state;
  else
    luaO_pushfstring(L, "cannot deserialize the image: %s", I.err);
  mw_buf_free(&I.b);
  mw_buf_free(&I.hashes);
  reachdone();
  return root;
}

/* }================================================================== */
