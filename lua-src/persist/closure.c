/*
** closure.c
** Stored functions: the texts they come from, their records, and the cells
** (upvalues) that they share
*/

#include <string.h>

#include "lauxlib.h"
#include "ldebug.h"
#include "ldo.h"
#include "lfunc.h"
#include "lstring.h"
#include "lvm.h"

#include "imports.h"
#include "stored.h"
#include "suspend.h"


/*
** {==================================================================
** Texts of chunks
** ===================================================================
*/

/* functions nest at most LUAI_MAXCCALLS deep */
static void number (lua_State *L, Proto *p, TString *text, int *order) {
  int i;
  p->text = text;
  luaC_objbarrier(L, p, text);
  p->order = (*order)++;
  for (i = 0; i < p->sizep; i++)
    number(L, p->p[i], text, order);
}


static void keep (lua_State *L, void *ud) {
  const mw_Buffer *b = &((mw_Text *)ud)->b;
  Proto *p = clLvalue(s2v(L->top.p - 1))->p;
  TString *text = p->source;
  int order = 0;
  if (text == NULL || tsslen(text) != b->n ||
      (b->n > 0 && memcmp(getstr(text), b->data, b->n) != 0))
    text = luaS_newlstr(L, b->n > 0 ? (char *)b->data : "", b->n);
  number(L, p, text, &order);
}


int mw_text_end (lua_State *L, mw_Text *t, int status) {
  if (status == LUA_OK) {
    status = luaD_rawrunprotected(L, keep, t);
    if (status != LUA_OK)
      luaD_seterrorobj(L, status, L->top.p - 1);
  }
  mw_buf_free(&t->b);
  return status;
}


const char *mw_origin (lua_State *L, const char *varinfo) {
  if (isLua(L->ci) && (ci_func(L->ci)->marked & MW_STOREDBIT) &&
      strncmp(varinfo, " (global", 8) == 0)
    return " in a function from Memory";
  return "";
}

/* }================================================================== */


/*
** {==================================================================
** Writing
** ===================================================================
*/

static void textrecord (lua_State *L, mw_Buffer *b, const Proto *p) {
  mw_buf_addu16(L, b, mw_header(MW_TAG_TEXT));
  if (p->source == p->text || p->source == NULL)
    mw_buf_addu8(L, b, MW_TAG_NIL);
  else
    mw_encode_ts(L, b, p->source);
  mw_encode_ts(L, b, p->text);
}


/* the last text that is known to be in the store, and its key */
static const TString *lasttext, *lastsource;
static uint64_t lasthash;


int mw_text_put (lua_State *L, const mw_Buffer *rec, uint64_t *hash,
                 int *n) {
  mw_Buffer *key = &mw_scratch(RECORDKEY), *old = &mw_scratch(OLD);
  uint64_t h;
  for (h = mw_hashof(rec->data, rec->n); ; h++) {
    if (!mw_store_find(L, MW_TAG_TEXT, h, old)) {
      if (!mw_store_set(L, 0, key->data, key->n, rec->data, rec->n))
        return 0;
      (*n)++;
      break;
    }
    if (old->n == rec->n && memcmp(old->data, rec->data, rec->n) == 0)
      break;
  }
  *hash = h;
  return 1;
}


/* makes sure that the store has the text of 'p' */
static int puttext (lua_State *L, const Proto *p, int *n) {
  if (p->text == lasttext && p->source == lastsource)
    return 1;
  mw_scratch(NEWTEXT).n = 0;
  textrecord(L, &mw_scratch(NEWTEXT), p);
  if (!mw_text_put(L, &mw_scratch(NEWTEXT), &lasthash, n))
    return 0;
  lasttext = p->text;
  lastsource = p->source;
  return 1;
}


int mw_closure_encode (lua_State *L, LClosure *cl, int *n) {
  int i;
  if (!puttext(L, cl->p, n))
    return 0;
  mw_store_header(MW_TAG_CLOSURE);
  mw_buf_addu64(L, &mw_val, lasthash);
  mw_store_u32((size_t)cl->p->order);
  mw_store_u8(cl->nupvalues);
  for (i = 0; i < cl->nupvalues; i++)
    mw_store_u32(mw_idof(cl->upvals[i]));
  return 1;
}

/* }================================================================== */


/*
** {==================================================================
** Reading. A function is built with all functions that its cells hold, and
** theirs, and coroutines with what is in their stacks: first the objects,
** then, from a queue, what they hold. If anything of it is bad, all of it is
** forgotten.
** ===================================================================
*/

#define batch	mw_scratch(BATCH)  /* objects that were made */
static int building;

#define record	mw_scratch(RECORD)
#define held	mw_scratch(HELD)


static void made (lua_State *L, GCObject *o, uint32_t id) {
  mw_buf_reserve(L, &batch, sizeof(o));
  mw_adopt(L, o, id);
  mw_seenid(id);
  memcpy(batch.data + batch.n, &o, sizeof(o));
  batch.n += sizeof(o);
}


static GCObject *madeat (size_t i) {
  GCObject *o;
  memcpy(&o, batch.data + i, sizeof(o));
  return o;
}


void mw_closure_abandon (void) {
  size_t i;
  for (i = 0; i < batch.n; i += sizeof(GCObject *)) {
    GCObject *o = madeat(i);
    mw_forget(o);
    if (o->tt == LUA_VTHREAD)  /* gives back the cells that it took */
      luaF_closeupval(gco2th(o), gco2th(o)->stack.p);
  }
  batch.n = 0;
  building = 0;
  lasttext = NULL;
}


static Proto *findorder (Proto *p, int order) {
  while (p != NULL && p->order != order) {
    int i = p->sizep;
    while (i > 0 && p->p[i - 1]->order > order)
      i--;
    p = (i > 0) ? p->p[i - 1] : NULL;
  }
  return p;
}


/* raises what the message on top of the stack says */
static l_noret badcode (lua_State *L, const char *what) {
  size_t l;
  const char *msg = lua_tolstring(L, -1, &l);
  mw_bad(what, msg, l);
}


/*
** Main function of a text. Compiled texts are kept until the next flush.
*/
static Proto *getchunk (lua_State *L, uint64_t hash) {
  TValue k, v;
  const TValue *known;
  mw_Reader r;
  const char *name;
  const char *s;
  size_t l;
  setivalue(&k, (lua_Integer)hash);
  known = mw_rawget(mw_S.chunks, &k);
  if (!ttisnil(known))
    return clLvalue(known)->p;
  mw_store_record(L, MW_TAG_TEXT, hash, &mw_scratch(TEXT), &r);
  if (mw_decode(L, &r) != MW_DEC_OK ||
      mw_decode(L, &r) != MW_DEC_OK || !ttisstring(s2v(L->top.p - 1)) ||
      r.p != r.end)
    mw_badvalue("its text is damaged");
  s = lua_tolstring(L, -1, &l);
  name = lua_tostring(L, -2);
  if (luaL_loadbufferx(L, s, l, name != NULL ? name : s, "bt") != LUA_OK)
    badcode(L, "its text does not compile: ");
  setobj(L, &v, s2v(L->top.p - 1));
  mw_rawset(L, mw_S.chunks, &k, &v);
  return clLvalue(&v)->p;
}


void mw_bytecode_decode (lua_State *L, mw_Reader *r, TValue *res) {
  size_t l = mw_read_u32(r);
  const char *s = (const char *)mw_read_bytes(r, l);
  if (r->p != r->end)
    mw_damaged("too long");
  if (luaL_loadbufferx(L, s, l, "=stored", "b") != LUA_OK)
    badcode(L, "damaged: ");
  mw_popto(L, res);
  if (clLvalue(res)->nupvalues > 1)
    mw_damaged("bytecode with upvalues");
}


static GCObject *newcell (lua_State *L) {
  GCObject *o = luaC_newobj(L, LUA_VUPVAL, sizeof(UpVal));
  UpVal *uv = gco2upv(o);
  uv->v.p = &uv->u.value;
  setnilvalue(uv->v.p);
  return o;
}


UpVal *mw_cellbyid (lua_State *L, uint32_t id) {
  GCObject *o = mw_object(id);
  if (o == NULL && id != 0) {
    o = newcell(L);
    made(L, o, id);
  }
  if (o == NULL || o->tt != LUA_VUPVAL)
    mw_badvalue("it has a bad upvalue");
  return gco2upv(o);
}


/*
** (One that lacks cells, for what is bad, is not stored and garbage. The
** collector knows such ones.)
*/
static GCObject *newclosure (lua_State *L, uint32_t id) {
  mw_Reader r;
  uint64_t hash;
  uint32_t order;
  unsigned int n, i;
  Proto *p;
  LClosure *cl;
  int top = lua_gettop(L);
  mw_store_record(L, MW_TAG_CLOSURE, id, &record, &r);
  hash = mw_read_u64(&r);
  order = mw_read_u32(&r);
  n = mw_read_u8(&r);
  if ((size_t)(r.end - r.p) != 4 * n)
    mw_badvalue("its record is damaged");
  p = findorder(getchunk(L, hash), (int)order);
  lua_settop(L, top);
  if (p == NULL || (unsigned int)p->sizeupvalues != n)
    mw_badvalue("it does not match its text");
  cl = luaF_newLclosure(L, (int)n);
  cl->p = p;
  luaC_objbarrier(L, cl, p);
  made(L, obj2gco(cl), id);
  for (i = 0; i < n; i++) {
    cl->upvals[i] = mw_cellbyid(L, mw_read_u32(&r));
    luaC_objbarrier(L, cl, cl->upvals[i]);
  }
  return obj2gco(cl);
}


/* a coroutine or a wrap function, empty */
static GCObject *newempty (lua_State *L, int tag, uint32_t id) {
  GCObject *o;
  if (tag == MW_TAG_THREAD) {
    lua_State *L1 = lua_newthread(L);
    o = obj2gco(L1);
    L->top.p--;
  }
  else {
    CClosure *cl = luaF_newCclosure(L, 1);
    cl->f = mw_auxwrap;
    setnilvalue(&cl->upvalue[0]);
    o = obj2gco(cl);
  }
  made(L, o, id);
  return o;
}


static GCObject *make (lua_State *L, int tag, uint32_t id) {
  return (tag == MW_TAG_CLOSURE) ? newclosure(L, id) : newempty(L, tag, id);
}


/* gives an object of a batch its contents */
static void fill (lua_State *L, GCObject *o) {
  mw_Reader r;
  TValue v;
  if (o->tt == LUA_VLCL)
    return;
  /* (not into 'record': what is decoded next reads those of functions) */
  mw_store_record(L, mw_tagof(o), mw_idof(o), &held, &r);
  if (o->tt == LUA_VTHREAD) {
    mw_thread_fill(L, gco2th(o), &r);
    return;
  }
  mw_decodevalue(L, &r, &v);
  if (o->tt == LUA_VUPVAL) {
    setobj(L, gco2upv(o)->v.p, &v);
    luaC_barrier(L, gco2upv(o), &v);
  }
  else {
    if (!ttisthread(&v))
      mw_damaged("not a coroutine");
    setobj(L, &gco2ccl(o)->upvalue[0], &v);
    luaC_barrier(L, gco2ccl(o), &v);
  }
}


/* from now on, changes of what nothing else tells about are looked for */
static void watch (lua_State *L, lua_State *L1) {
  const UpVal *uv;
  mw_Watch w;
  memset(&w, 0, sizeof(w));
  w.id = mw_idof(L1);
  mw_buf_add(L, &mw_S.watched, &w, sizeof(w));
  for (uv = L1->openupval; uv != NULL; uv = uv->u.open.next) {
    w.id = mw_idof(uv);
    w.hash = mw_cellhash(uv);
    mw_buf_add(L, &mw_S.watched, &w, sizeof(w));
  }
}


GCObject *mw_objectbyid (lua_State *L, int tag, uint32_t id) {
  GCObject *o = mw_object(id);
  const mw_Slot *dead;
  size_t i;
  if (o != NULL) {
    if (mw_tagof(o) != tag)
      mw_badvalue("its id is that of something else");
    return o;
  }
  dead = mw_map_find(&mw_S.byid, NULL, id);
  if (dead != NULL && dead->o->tt == LUA_VTHREAD)  /* is not swept yet? */
    luaF_closeupval(gco2th(dead->o), gco2th(dead->o)->stack.p);
  if (building)  /* for a cell: filled in by the caller's caller */
    return make(L, tag, id);
  building = 1;
  o = make(L, tag, id);
  for (i = 0; i < batch.n; i += sizeof(GCObject *))
    fill(L, madeat(i));
  for (i = 0; i < batch.n; i += sizeof(GCObject *)) {
    if (madeat(i)->tt == LUA_VTHREAD)
      watch(L, gco2th(madeat(i)));
  }
  batch.n = 0;
  mw_closure_abandon();
  return o;
}

/* }================================================================== */
