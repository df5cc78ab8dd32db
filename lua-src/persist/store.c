/*
** store.c
** The host's store: encoding, reading, and handing over what has changed
*/

#include <string.h>

#include "ldo.h"
#include "lfunc.h"
#include "lstring.h"
#include "ltm.h"
#include "lvm.h"

#include "extlib.h"
#include "imports.h"
#include "mwlimits.h"
#include "registry.h"
#include "stored.h"


/*
** {==================================================================
** Encoding and reading
** ===================================================================
*/

uint64_t mw_hash (uint64_t h, const void *p, size_t n) {
  const unsigned char *s = (const unsigned char *)p;
  while (n--)
    h = (h ^ *s++) * 0x100000001b3u;
  return h;
}


void mw_store_key (lua_State *L, mw_Buffer *b, int tag, uint64_t id) {
  mw_buf_addu8(L, b, (unsigned int)tag);
  if (tag == MW_TAG_TEXT)
    mw_buf_addu64(L, b, id);
  else
    mw_buf_addu32(L, b, (size_t)id);
}


static void addref (lua_State *L, mw_Buffer *b, int tag, uint32_t id) {
  if (tag >= MW_TAG_OPEN)
    mw_buf_addu16(L, b, mw_header(tag));
  else
    mw_buf_addu8(L, b, (unsigned int)tag);
  mw_buf_addu32(L, b, id);
}


void mw_store_ref (lua_State *L, mw_Buffer *b, GCObject *o) {
  addref(L, b, mw_tagof(o), mw_idof(o));
}


int mw_store_encode (lua_State *L, mw_Buffer *b, const TValue *v) {
  const TString *name;
  uint32_t id;
  mw_note(1);
  if (mw_encode_scalar(L, b, v))
    return 1;
  if ((id = mw_registry_index(v)) != MW_CFUNC_NONE) {
    mw_buf_addu8(L, b, MW_TAG_CFUNC);
    mw_buf_addu16(L, b, id);
  }
  else if ((name = mw_permanent_record(v)) != NULL)
    mw_buf_add(L, b, getstr(name), tsslen(name));
  else if ((id = mw_handle_id(v)) != 0)
    addref(L, b, MW_TAG_HANDLE, id);
  else if (mw_isstoredvalue(v))
    mw_store_ref(L, b, gcvalue(v));
  else
    return 0;
  return 1;
}


static uint32_t checksum (const unsigned char *p, size_t n) {
  return (uint32_t)mw_hash(MW_HASHSEED, p, n);
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


int mw_store_record (lua_State *L, int tag, uint64_t id, mw_Buffer *b,
                     mw_Reader *r) {
  mw_Buffer *key = &mw_scratch(RECORDKEY);
  key->n = 0;
  mw_store_key(L, key, tag, id);
  if (!mw_store_get(L, 0, key->data, key->n, b))
    return mw_badvalue("a record of it is missing");
  if (r == NULL)
    return 1;
  mw_reader(r, b);
  return mw_read_header(r, tag);
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


int mw_store_keys (lua_State *L, uint32_t id, mw_Buffer *b, mw_Reader *r) {
  uint32_t count, i;
  mw_Reader c;
  int n = fetch(L, id, NULL, 0, b);
  mw_reader(r, b);
  if (n <= 0)  /* (some hosts have nothing for what they do not know) */
    return 0;
  count = mw_read_u32(r);
  c = *r;
  for (i = 0; i < count && c.err == NULL; i++) {
    size_t l = mw_read_u32(&c);
    if (c.err == NULL)
      mw_read_bytes(&c, l);
  }
  if (c.err != NULL || r->err != NULL || count > 0x7fffffff) {
    r->p = r->end;
    mw_badvalue("the host's list of keys is damaged");
    return -1;
  }
  r->end = c.p;
  return (int)count;
}


int mw_store_nextkey (mw_Reader *r, mw_Reader *key) {
  size_t l;
  if (r->p >= r->end)
    return 0;
  l = mw_read_u32(r);
  key->p = r->p;
  key->end = r->p = r->p + l;
  key->err = NULL;
  return 1;
}

/* }================================================================== */


/*
** {==================================================================
** Handing over
** ===================================================================
*/

typedef struct Flush {
  int n;  /* entries handed over */
  int failed;  /* did the host's store fail? */
  int refused;  /* does a cell hold what can't be persisted? */
} Flush;


/* the first failure is the one reported */
static void fail (lua_State *L, Flush *f, GCObject *o, int link,
                  const TValue *key) {
  if (!f->failed && !f->refused)
    mw_pushpath(L, o, link, key, MW_STOREFAILED);
  f->failed = 1;
}


static int set (lua_State *L, Flush *f, uint32_t id) {
  if (!mw_store_set(L, id, mw_key.data, mw_key.n, mw_val.data,
                    mw_val.n))
    return 0;
  f->n++;
  return 1;
}


static int erase (Flush *f, uint32_t id) {
  if (js_ext_table_delete(id, mw_key.data, (unsigned int)mw_key.n) != 0)
    return 0;
  f->n++;
  return 1;
}


static int putcounter (lua_State *L, Flush *f) {
  unsigned char *p;
  mw_key.n = mw_val.n = 0;
  mw_buf_addu8(L, &mw_key, MW_TAG_COUNTER);
  mw_buf_addu16(L, &mw_val, mw_header(MW_TAG_COUNTER));
  mw_buf_addu32(L, &mw_val, mw_S.next);
  p = mw_val.data + mw_val.n - 4;
  mw_buf_addu32(L, &mw_val, (uint32_t)mw_hash(MW_HASHSEED, p, 4));
  if (!set(L, f, 0))
    return 0;
  mw_S.counterdirty = 0;
  return 1;
}


/*
** The value of a key of a set of changed keys; nil if the table has none.
*/
static void valueof (Table *h, const TValue *key, TValue *v) {
  if (ttislightuserdata(key)) {
    Table *mt = mw_storedmeta(h);
    setnilvalue(v);
    if (mt != NULL)
      sethvalue(NOSTATE, v, mt);
  }
  else if (!mw_rawget(h, key, v))
    setnilvalue(v);
}


/*
** Hands over one entry of a table. Returns 0 if the host's store failed.
*/
static int putentry (lua_State *L, Flush *f, Table *h, uint32_t id,
                     const TValue *key, const TValue *v) {
  int link = MW_LINK_KEY;
  mw_key.n = mw_val.n = 0;
  if (ttislightuserdata(key)) {
    link = MW_LINK_META;
    mw_buf_addu8(L, &mw_key, MW_TAG_META);
    mw_buf_addu16(L, &mw_val, mw_header(MW_TAG_META));
  }
  else
    mw_encode_scalar(L, &mw_key, key);
  if (ttisnil(v) ? erase(f, id)
                 : mw_store_encode(L, &mw_val, v) && set(L, f, id))
    return 1;
  fail(L, f, obj2gco(h), link, key);
  return 0;
}


/*
** What is no table. A new cell whose value was refused is stored as nil:
** the functions that have it shall open.
*/
static int putobject (lua_State *L, Flush *f, GCObject *o) {
  uint32_t id = mw_idof(o);
  int tag = mw_tagof(o);
  mw_key.n = mw_val.n = 0;
  mw_store_key(L, &mw_key, tag, id);
  if (tag == MW_TAG_CLOSURE) {
    if (!mw_closure_encode(L, &mw_val, gco2lcl(o), &f->n)) {
      fail(L, f, o, MW_LINK_NONE, NULL);
      return 0;
    }
  }
  else if (tag == MW_TAG_THREAD) {
    if (!mw_thread_encode(L, &mw_val, gco2th(o)))
      return 0;
  }
  else {
    mw_Links w;
    TValue k, v;
    int link;
    mw_buf_addu16(L, &mw_val, mw_header(tag));
    mw_startlinks(&w, o);
    mw_nextlink(&w, &link, &k, &v);
    if (!mw_store_encode(L, &mw_val, &v)) {
      if (!mw_isnew(o))
        return 0;  /* has been refused, and stays noted */
      mw_buf_addu8(L, &mw_val, MW_TAG_NIL);
    }
  }
  if (set(L, f, 0))
    return 1;
  fail(L, f, o, MW_LINK_NONE, NULL);
  return 0;
}


static Table *pendingof (GCObject *o) {
  TValue v;
  mw_getof(mw_S.pending, o, &v);
  return ttistable(&v) ? hvalue(&v) : NULL;
}


static void setstate (mw_Slot *s, uint32_t state) {
  s->state = (s->state & ~(uint32_t)MW_ST_MASK) | state;
}


/*
** Hands over a table that is all new. If the store fails at some entries
** these become its changed keys. (They are noted before its state changes:
** if there is no memory for that, it stays all new.)
*/
static void putnewtable (lua_State *L, Flush *f, mw_Slot *s) {
  Table *h = gco2t(s->o);
  uint32_t id = s->id;
  unsigned int i = 0;
  TValue k, v;
  Table *left = NULL;
  int meta = 1;
  for (;;) {
    if (meta) {
      meta = 0;
      if (h->metatable == NULL)
        continue;
      setpvalue(&k, (void *)&mw_metakey);
      valueof(h, &k, &v);
    }
    else if (!mw_entries(h, &i, &k, &v))
      break;
    if (!putentry(L, f, h, id, &k, &v)) {
      if (left == NULL) {
        left = luaH_new(L);
        sethvalue(L, &v, left);
        mw_setof(L, mw_S.pending, obj2gco(h), &v);
      }
      setivalue(&v, MW_CHANGED);
      mw_rawset(L, left, &k, &v);
    }
  }
  setstate(s, left != NULL ? MW_ST_PART : MW_ST_OLD);
}


enum { PASS_ADD = MW_ADDED, PASS_CHANGE = MW_CHANGED, PASS_DELETE };

/*
** Hands over changed entries of a table: those that the pass is for (all if
** it is 0). Returns the number of entries that are left.
*/
static unsigned int putchanges (lua_State *L, Flush *f, Table *h, Table *set,
                                int pass) {
  uint32_t id = mw_idof(h);
  unsigned int i = 0, left = 0;
  TValue k, how, v;
  while (mw_entries(set, &i, &k, &how)) {
    int kind;
    valueof(h, &k, &v);
    kind = ttisnil(&v) ? PASS_DELETE : (int)ivalue(&how);
    if (kind == PASS_DELETE && ivalue(&how) == MW_ADDED)
      ;  /* added and deleted again: the store never saw it */
    else if (pass != 0 && kind != pass) {
      left++;
      continue;
    }
    else if (!putentry(L, f, h, id, &k, &v)) {
      setivalue(&v, MW_CHANGED);  /* who knows */
      mw_rawset(L, set, &k, &v);
      left++;
      continue;
    }
    setnilvalue(&v);
    mw_rawset(L, set, &k, &v);
  }
  return left;
}


static void settle (lua_State *L, GCObject *o) {
  TValue v;
  setnilvalue(&v);
  mw_setof(L, mw_S.pending, o, &v);
}


/*
** What is new: nothing that the store has links to it yet. So this comes
** first, and nothing else if anything of it failed.
*/
static void putnews (lua_State *L, Flush *f) {
  size_t i, left = 0;
  uint32_t id;
  for (i = 0; i < mw_S.news.n; i += sizeof(id)) {
    GCObject *o;
    mw_Slot *slot;
    int done = 1;
    memcpy(&id, mw_S.news.data + i, sizeof(id));
    o = mw_object(id);
    if (o == NULL)  /* collected meanwhile */
      continue;
    slot = mw_slotof(o);  /* (the map does not change in here) */
    if ((slot->state & MW_ST_MASK) == MW_ST_OLD)
      continue;
    if (o->tt == LUA_VTABLE) {
      if ((slot->state & MW_ST_MASK) == MW_ST_NEW)
        putnewtable(L, f, slot);
      else if (putchanges(L, f, gco2t(o), pendingof(o), 0) == 0) {
        setstate(slot, MW_ST_OLD);
        settle(L, o);
      }
      done = ((slot->state & MW_ST_MASK) == MW_ST_OLD);
    }
    else if ((done = putobject(L, f, o)) != 0)
      setstate(slot, MW_ST_OLD);
    if (!done) {
      memmove(mw_S.news.data + left, &id, sizeof(id));
      left += sizeof(id);
    }
  }
  mw_S.news.n = left;
}


/*
** What has changed: first what is added, then what takes something else's
** place, then deletions, so that what moves is not lost on the way.
*/
static void putpending (lua_State *L, Flush *f) {
  int pass;
  for (pass = PASS_ADD; pass <= PASS_DELETE && !f->failed; pass++) {
    unsigned int i = 0;
    TValue k, v;
    while (mw_entries(mw_S.pending, &i, &k, &v)) {
      GCObject *o = gcvalue(&k);
      if (ttistable(&v)) {
        if (putchanges(L, f, gco2t(o), hvalue(&v), pass) == 0)
          settle(L, o);
      }
      else if (pass == PASS_CHANGE && putobject(L, f, o))
        settle(L, o);
    }
  }
}


/*
** Coroutines, and cells that were open: nothing tells when such a variable
** changes. What has changed is noted; what can't be persisted is refused.
*/
static void lookatwatched (lua_State *L, Flush *f) {
  size_t i, left = 0;
  for (i = 0; i < mw_S.watched.n; i += sizeof(mw_Watch)) {
    mw_Watch w;
    GCObject *o;
    int c = 1;
    memcpy(&w, mw_S.watched.data + i, sizeof(w));
    o = mw_object(w.id);
    if (o == NULL || (o->tt != LUA_VUPVAL && o->tt != LUA_VTHREAD))
      continue;  /* collected meanwhile */
    if (o->tt == LUA_VUPVAL)
      c = mw_trypromote(L, o, MW_LINK_NONE, NULL, gco2upv(o)->v.p);
    else if (mw_slotof(o)->state & MW_ST_RAN)
      c = mw_trythread(L, gco2th(o));
    if (c == 0)
      continue;  /* nothing stored has it any more */
    if (c > 0 && o->tt == LUA_VUPVAL) {
      uint64_t hash;
      mw_val.n = 0;
      mw_store_encode(L, &mw_val, gco2upv(o)->v.p);
      hash = mw_hash(MW_HASHSEED, mw_val.data, mw_val.n) | 1;
      if (hash != w.hash) {
        mw_noteobject(L, o);
        w.hash = hash;
      }
      if (!upisopen(gco2upv(o)))
        continue;  /* from now on the barrier sees all */
    }
    else if (c < 0) {
      if (f->refused)
        L->top.p--;  /* the first message is enough */
      f->refused = 1;
    }
    memmove(mw_S.watched.data + left, &w, sizeof(w));
    left += sizeof(w);
  }
  mw_S.watched.n = left;
}


/*
** Notes what weak tables have lost to the collector.
*/
static void lookatweak (lua_State *L) {
  uint32_t i;
  TValue mode, v, k;
  setsvalue(L, &mode, G(L)->tmname[TM_MODE]);
  for (i = 0; i < mw_S.byobj.size; i++) {
    const mw_Slot *s = &mw_S.byobj.slots[i];
    mw_Reader r, key;
    Table *h;
    if (s->o == NULL || s->o->tt != LUA_VTABLE || s->state != MW_ST_OLD ||
        isdead(G(L), s->o))
      continue;
    h = gco2t(s->o);
    if (h->metatable == NULL || mw_isshell(h) ||
        !mw_rawget(h->metatable, &mode, &v))
      continue;
    if (mw_store_keys(L, s->id, &mw_scratch(WEAK), &r) < 0)
      continue;
    while (mw_store_nextkey(&r, &key)) {
      if (mw_decodekey(L, &key, &k) > 0 && !mw_rawget(h, &k, &v))
        mw_notekey(L, h, &k, MW_CHANGED);
    }
  }
  mw_cleared = 0;
}


/*
** Compiled texts are kept up to here: there may be more functions of them.
*/
static void dropchunks (lua_State *L) {
  unsigned int i = 0;
  TValue k, v;
  while (mw_entries(mw_S.chunks, &i, &k, &v)) {
    setnilvalue(&v);
    mw_rawset(L, mw_S.chunks, &k, &v);
  }
}


static void handover (lua_State *L, Flush *f) {
  mw_unnote();
  if (mw_S.counterdirty && !putcounter(L, f))
    fail(L, f, obj2gco(mw_S.root), MW_LINK_NONE, NULL);
  else
    putnews(L, f);
}


int mw_store_handnew (lua_State *L) {
  Flush f = {0, 0, 0};
  mw_closure_abandon();
  handover(L, &f);
  return !f.failed;
}


int mw_store_flush (lua_State *L) {
  Flush f = {0, 0, 0};
  mw_unnote();
  mw_closure_abandon();
  lookatwatched(L, &f);
  if (mw_cleared & MW_STOREDBIT)
    lookatweak(L);
  handover(L, &f);
  if (!f.failed)
    putpending(L, &f);
  dropchunks(L);
  mw_unnote();
  return (f.failed || f.refused) ? -1 : f.n;
}

/* }================================================================== */
