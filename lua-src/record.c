/*
** record.c
** Encoder of result records: tables by value, in any depth
*/

#include <string.h>

#include "lua.h"

#include "lauxlib.h"
#include "ldo.h"
#include "lgc.h"
#include "lmem.h"
#include "lobject.h"
#include "lstate.h"
#include "ltable.h"

#include "buffer.h"
#include "codec.h"
#include "pool.h"


/*
** One pass walks all tables with a stack of its own. No code of a script may
** run then, lest it changes what is walked: the collector is stopped, and
** values whose text '__tostring' makes are only noted. If there were any,
** their texts are made, and a second pass uses them.
*/

/* a table that is being walked */
typedef struct Frame {
  Table *t;
  size_t count;  /* where in the record the number of its fields goes */
  unsigned int next;  /* next slot: array part, then hash part */
  unsigned int n;  /* fields so far */
  int invalue;  /* is the value of the slot before 'next' still to come? */
} Frame;

/* a table that was seen, and its number */
typedef struct Seen {
  const Table *t;
  unsigned int n;
} Seen;

/* scratch memory; here, so that an error leaves it where it is found */
static struct {
  Frame *frames;
  size_t nframes;
  size_t sizeframes;
  Seen *seen;  /* hash table with open addressing */
  size_t nseen;
  size_t sizeseen;  /* a power of 2 (or 0) */
  lua_State *stopped;  /* state whose collector is stopped, or NULL */
  lua_Integer nnoted;  /* length of the sequence 'noted' */
} w;

void (*mw_codec_touch) (lua_State *L, Table *t);
int (*mw_codec_hook) (lua_State *L, mw_Buffer *b, const TValue *o);
unsigned int mw_codec_tables;


static void freescratch (void) {
  mw_alloc(NULL, w.frames, w.sizeframes * sizeof(Frame), 0);
  mw_alloc(NULL, w.seen, w.sizeseen * sizeof(Seen), 0);
  w.frames = NULL;
  w.seen = NULL;
  w.nframes = w.sizeframes = w.nseen = w.sizeseen = 0;
}


/*
** (Not by 'lua_gc': to restart by it begins a cycle at once, whatever was
** allocated since the last, and every call of the host's would do that.)
*/
static void stopgc (lua_State *L) {
  if (gcrunning(G(L))) {
    G(L)->gcstp |= GCSTPUSR;
    w.stopped = L;
  }
}


static void restartgc (void) {
  if (w.stopped != NULL) {
    G(w.stopped)->gcstp &= (lu_byte)~GCSTPUSR;
    w.stopped = NULL;
  }
}


void mw_codec_release (void) {
  mw_codec_hook = NULL;
  mw_codec_tables = 0;
  freescratch();
  restartgc();
}


static Seen *findseen (Seen *seen, size_t size, const Table *t) {
  size_t h = ((size_t)t >> 3) * 0x9e3779b1u;
  size_t i = (h ^ (h >> 15)) & (size - 1);
  while (seen[i].t != NULL && seen[i].t != t)
    i = (i + 1) & (size - 1);
  return &seen[i];
}


static void growseen (lua_State *L) {
  size_t size = (w.sizeseen == 0) ? 16 : w.sizeseen * 2;
  size_t i;
  Seen *seen;
  if (size > SIZE_MAX / sizeof(Seen))
    luaM_toobig(L);
  seen = (Seen *)mw_alloc_orfail(L, NULL, 0, size * sizeof(Seen));
  memset(seen, 0, size * sizeof(Seen));
  for (i = 0; i < w.sizeseen; i++) {
    if (w.seen[i].t != NULL)
      *findseen(seen, size, w.seen[i].t) = w.seen[i];
  }
  mw_alloc(NULL, w.seen, w.sizeseen * sizeof(Seen), 0);
  w.seen = seen;
  w.sizeseen = size;
}


/* writes what stands for a table, and starts to walk it if it is new */
static MW_RARE void opentable (lua_State *L, mw_Buffer *b, Table *t) {
  Seen *s;
  Frame *f;
  if (w.nseen >= w.sizeseen / 4 * 3)
    growseen(L);
  s = findseen(w.seen, w.sizeseen, t);
  if (s->t != NULL) {
    mw_buf_addu8(L, b, MW_TAG_SEEN);
    mw_buf_addu32(L, b, s->n);
    return;
  }
  s->t = t;
  s->n = (unsigned int)w.nseen++ + mw_codec_tables;
  if (mw_codec_touch != NULL)
    mw_codec_touch(L, t);
  if (w.nframes >= w.sizeframes) {
    size_t size = (w.sizeframes == 0) ? 16 : w.sizeframes * 2;
    if (size > SIZE_MAX / sizeof(Frame))
      luaM_toobig(L);
    w.frames = (Frame *)mw_alloc_orfail(L, w.frames,
                          w.sizeframes * sizeof(Frame), size * sizeof(Frame));
    w.sizeframes = size;
  }
  f = &w.frames[w.nframes++];
  f->t = t;
  f->next = f->n = 0;
  f->invalue = 0;
  mw_buf_addu8(L, b, MW_TAG_TABLE);
  f->count = b->n;
  mw_buf_addu32(L, b, 0);
}


/*
** Gets key and value at a slot of a table. Returns 0 if there is nothing
** (any more), 1 if there is a field.
*/
static int getslot (lua_State *L, Table *t, unsigned int i, TValue *key,
                    TValue *val) {
  Node *n;
#if MW_LUA == 54
  unsigned int asize = luaH_realasize(t);
  if (i < asize) {
    if (isempty(&t->array[i]))
      return 0;
    setobj(L, val, &t->array[i]);
    setivalue(key, (lua_Integer)i + 1);
    return 1;
  }
#else
  unsigned int asize = t->asize;
  if (i < asize) {
    arr2obj(t, i, val);
    setivalue(key, (lua_Integer)i + 1);
    return !isempty(val);
  }
#endif
  n = gnode(t, i - asize);
  if (isempty(gval(n)))
    return 0;
  getnodekey(L, key, n);
  setobj(L, val, gval(n));
  return 1;
}


static unsigned int nslots (Table *t) {
#if MW_LUA == 54
  return luaH_realasize(t) + sizenode(t);
#else
  return t->asize + sizenode(t);
#endif
}


/*
** Text of a value that has no other form. Stack: 'texts' is a table from
** value to text, or 0 in the first pass; 'noted' is the sequence of values
** that need one.
*/
static MW_RARE void addopaque (lua_State *L, mw_Buffer *b, const TValue *o,
                       int texts, int noted) {
  size_t l;
  const char *s;
  mw_pushvalue(L, o);
  if (texts != 0) {
    lua_pushvalue(L, -1);
    lua_rawget(L, texts);
  }
  else
    lua_pushnil(L);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    if (luaL_getmetafield(L, -1, "__tostring") == LUA_TNIL)
      luaL_tolstring(L, -1, NULL);  /* runs no code of a script */
    else {
      lua_pop(L, 1);
      if (texts == 0) {
        lua_pushvalue(L, -1);
        lua_rawseti(L, noted, ++w.nnoted);
      }
      lua_pushfstring(L, "%s: %p", luaL_typename(L, -1),
                         lua_topointer(L, -1));
    }
  }
  s = lua_tolstring(L, -1, &l);
  mw_buf_addu8(L, b, MW_TAG_OPAQUE);
  mw_buf_addu32(L, b, l);
  mw_buf_add(L, b, s, l);
  lua_pop(L, 2);
}


static void addvalue (lua_State *L, mw_Buffer *b, const TValue *o,
                      int texts, int noted) {
  if (mw_codec_hook != NULL && mw_codec_hook(L, b, o))
    return;
  if (ttistable(o))
    opentable(L, b, hvalue(o));
  else if (!mw_encode_scalar(L, b, o) && !mw_encode_function(L, b, o))
    addopaque(L, b, o, texts, noted);
}


/* writes the fields of the innermost open table, up to a table in it */
static MW_RARE void walk (lua_State *L, mw_Buffer *b, int texts, int noted) {
  size_t level = w.nframes;
  while (w.nframes == level) {
    Frame *f = &w.frames[level - 1];
    TValue key, val;
    if (f->invalue) {
      f->invalue = 0;
      getslot(L, f->t, f->next - 1, &key, &val);
      addvalue(L, b, &val, texts, noted);
    }
    else if (f->next >= nslots(f->t)) {  /* done? */
      size_t end = b->n;
      b->n = f->count;
      mw_buf_addu32(L, b, f->n);
      b->n = end;
      w.nframes--;
    }
    else if (getslot(L, f->t, f->next++, &key, &val)) {
      f->n++;
      f->invalue = 1;
      addvalue(L, b, &key, texts, noted);
    }
  }
}


static TValue *valueat (lua_State *L, int idx) {
  return s2v(L->ci->func.p + idx);
}


static void encodepass (lua_State *L, mw_Buffer *b, int first, int n,
                        int texts, int noted) {
  int i;
  stopgc(L);
  for (i = 0; i < n; i++) {
    addvalue(L, b, valueat(L, first + i), texts, noted);
    while (w.nframes > 0)
      walk(L, b, texts, noted);
  }
  mw_codec_release();
}


void mw_encode_values (lua_State *L, mw_Buffer *b, int n) {
  int first = lua_gettop(L) - n + 1;
  int noted = first + n;
  size_t start = b->n;
  lua_Integer i, nnoted;
  luaL_checkstack(L, 10, "too many results");
  lua_newtable(L);
  w.nnoted = 0;
  encodepass(L, b, first, n, 0, noted);
  nnoted = w.nnoted;
  if (nnoted > 0) {
    int texts = noted + 1;
    lua_newtable(L);
    for (i = 1; i <= nnoted; i++) {
      lua_rawgeti(L, noted, i);
      luaL_tolstring(L, -1, NULL);
      lua_rawset(L, texts);
    }
    b->n = start;
    encodepass(L, b, first, n, texts, noted);
  }
  lua_settop(L, noted - 1);
}
