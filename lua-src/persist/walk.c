/*
** walk.c
** Walks over object graphs: promotion of what becomes reachable, and the
** paths in error messages. Nothing here recurses.
*/

#include <stdio.h>
#include <string.h>

#include "lauxlib.h"
#include "ldebug.h"
#include "ldo.h"
#include "lfunc.h"
#include "lmem.h"
#include "lstring.h"
#include "ltm.h"
#include "lvm.h"

#include "error.h"
#include "extlib.h"
#include "registry.h"
#include "stored.h"


/* of a path with more links, so many at each end are shown */
#define MAXSHOWN	32

/* of a longer string key, so many bytes are shown */
#define MAXKEY		60

const char mw_metakey = 0;

const char *const mw_handlepath = "ext.table()";


/*
** {==================================================================
** Tables
** ===================================================================
*/

#if MW_LUA == 54

#define arraysize(t)	luaH_realasize(t)

static int getarray (const Table *t, unsigned int i, TValue *v) {
  if (isempty(&t->array[i]))
    return 0;
  setobj(NOSTATE, v, &t->array[i]);
  return 1;
}

int mw_rawget (Table *t, const TValue *k, TValue *v) {
  const TValue *slot = luaH_get(t, k);
  if (isempty(slot))
    return 0;
  setobj(NOSTATE, v, slot);
  return 1;
}

#else

#define arraysize(t)	((t)->asize)

static int getarray (const Table *t, unsigned int i, TValue *v) {
  lu_byte tag = *getArrTag(t, i);
  if (tagisempty(tag))
    return 0;
  farr2val(t, i, tag, v);
  return 1;
}

int mw_rawget (Table *t, const TValue *k, TValue *v) {
  return !tagisempty(luaH_get(t, k, v));
}

#endif


int mw_entries (const Table *t, unsigned int *i, TValue *k, TValue *v) {
  unsigned int asize = arraysize(t);
  for (; *i < asize; (*i)++) {
    if (getarray(t, *i, v)) {
      ++*i;
      setivalue(k, *i);
      return 1;
    }
  }
  for (; *i - asize < (unsigned int)sizenode(t); (*i)++) {
    Node *n = gnode(t, *i - asize);
    if (!isempty(gval(n))) {
      getnodekey(NOSTATE, k, n);
      setobj(NOSTATE, v, gval(n));
      (*i)++;
      return 1;
    }
  }
  return 0;
}


void mw_rawset (lua_State *L, Table *t, const TValue *k, TValue *v) {
  luaH_set(L, t, k, v);
  luaC_barrierback(L, obj2gco(t), v);
}

/* }================================================================== */


/*
** {==================================================================
** Ids
** ===================================================================
*/

static int enter (GCObject *o, uint32_t id, uint32_t state) {
  mw_Slot *s = mw_map_find(&mw_S.byid, NULL, id);
  mw_Slot *t = mw_map_add(&mw_S.byobj, o, id);
  if (t == NULL)
    return 0;
  t->state = state;
  if (s == NULL && (s = mw_map_add(&mw_S.byid, NULL, id)) == NULL) {
    mw_map_remove(&mw_S.byobj, mw_slotof(o));
    return 0;
  }
  s->o = o;  /* (instead of an object that is as good as collected) */
  o->marked |= MW_STOREDBIT;
  return 1;
}


uint32_t mw_newid (GCObject *o) {
  uint32_t id = mw_S.next;
  lua_assert(mw_S.counterknown);
  if (id == MW_MAXID || id == UINT32_MAX ||
      !mw_buf_tryreserve(&mw_S.news, sizeof(id)) ||
      (o != NULL && !enter(o, id, MW_ST_NEW)))
    return 0;
  if (o != NULL) {
    memcpy(mw_S.news.data + mw_S.news.n, &id, sizeof(id));
    mw_S.news.n += sizeof(id);
  }
  mw_S.next++;
  mw_S.counterdirty = 1;
  return id;
}


void mw_adopt (lua_State *L, GCObject *o, uint32_t id) {
  if (!enter(o, id, MW_ST_OLD))
    luaM_error(L);
}


void mw_forget (GCObject *o) {
  mw_Slot *s = mw_slotof(o);
  mw_Slot *byid = mw_map_find(&mw_S.byid, NULL, s->id);
  if (byid != NULL && byid->o == o)
    mw_map_remove(&mw_S.byid, byid);
  mw_map_remove(&mw_S.byobj, s);
  o->marked &= (lu_byte)~MW_STOREDBIT;
  if ((const void *)mw_S.lastobj == (const void *)o)
    mw_S.lastobj = NULL;
}


void mw_freed (GCObject *o) {
  if (mw_slotof(o) != NULL)
    mw_forget(o);
}


/*
** An object that is dead but not swept yet is as good as gone: what it
** refers to may be swept already.
*/
GCObject *mw_object (uint32_t id) {
  mw_Slot *s = mw_map_find(&mw_S.byid, NULL, id);
  if (s == NULL || isdead(G(mw_S.L), s->o))
    return NULL;
  return s->o;
}

/* }================================================================== */


/*
** {==================================================================
** Queues of objects that remember how they were reached
** ===================================================================
*/

typedef struct Item {
  GCObject *o;
  uint32_t parent;  /* index in the queue */
  int link;  /* from the parent */
  TValue key;
} Item;

#define NOPARENT	UINT32_MAX

#define items(q)	((Item *)(void *)(q)->data)
#define nitems(q)	((uint32_t)((q)->n / sizeof(Item)))

static int enqueue (mw_Buffer *q, GCObject *o, uint32_t parent, int link,
                    const TValue *key) {
  Item *it;
  if (!mw_buf_tryreserve(q, sizeof(Item)))
    return 0;
  it = &items(q)[nitems(q)];
  it->o = o;
  it->parent = parent;
  it->link = link;
  if (key != NULL)
    setobj(NOSTATE, &it->key, key)
  else
    setnilvalue(&it->key);
  q->n += sizeof(Item);
  return 1;
}


/* a walk over what an object links to: one call of 'nextlink' each */
typedef struct Links {
  GCObject *o;
  unsigned int i;
  int meta;  /* metatable yet to come */
} Links;

static void startlinks (Links *w, GCObject *o) {
  w->o = o;
  w->i = 0;
  w->meta = 1;
}


static int tablelink (Links *w, int *link, TValue *key, TValue *v) {
  Table *h = gco2t(w->o);
  if (w->meta) {
    Table *mt = h->metatable;
    w->meta = 0;
    if (mw_isshell(h)) {  /* may be guarded */
      TValue k;
      sethvalue(NOSTATE, &k, h);
      if (mw_rawget(mw_S.guards, &k, v) && ttistable(v))
        mt = hvalue(v);
      else
        mt = NULL;
    }
    if (mt != NULL) {
      sethvalue(NOSTATE, v, mt);
      setnilvalue(key);
      *link = MW_LINK_META;
      return 1;
    }
  }
  *link = MW_LINK_KEY;
  return mw_entries(h, &w->i, key, v);
}


/*
** Sets '*o' instead of 'v' where the link leads to a cell.
*/
static int nextlink (Links *w, int *link, TValue *key, TValue *v,
                     GCObject **o) {
  *o = NULL;
  switch (w->o->tt) {
    case LUA_VTABLE:
      return tablelink(w, link, key, v);
    case LUA_VLCL: {
      LClosure *cl = gco2lcl(w->o);
      if (w->i >= cl->nupvalues)
        return 0;
      *o = obj2gco(cl->upvals[w->i]);
      w->i++;
      *link = MW_LINK_UPVAL;
      setivalue(key, w->i);
      return 1;
    }
    default: {  /* cell */
      if (w->i++ > 0)
        return 0;
      *link = MW_LINK_NONE;
      setnilvalue(key);
      setobj(NOSTATE, v, gco2upv(w->o)->v.p);
      return 1;
    }
  }
}

/* }================================================================== */


/*
** {==================================================================
** Paths
** ===================================================================
*/

static mw_Buffer message;

static void put (lua_State *L, const char *s, size_t n) {
  if (!mw_buf_tryreserve(&message, n))
    luaM_error(L);
  memcpy(message.data + message.n, s, n);
  message.n += n;
}

#define puts_(L,s)	put(L, s, strlen(s))


static int isname (const TString *ts, const char *s, size_t l) {
  size_t i;
  if (l == 0 || (ts->tt == LUA_VSHRSTR && ts->extra > 0))  /* reserved? */
    return 0;
  for (i = 0; i < l; i++) {
    int c = (unsigned char)s[i];
    if (!(c == '_' || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
          (i > 0 && c >= '0' && c <= '9')))
      return 0;
  }
  return 1;
}


static void putstringkey (lua_State *L, const TString *ts) {
  const char *s = getstr(ts);
  size_t l = tsslen(ts);
  size_t i;
  if (l <= MAXKEY && isname(ts, s, l)) {
    put(L, ".", 1);
    put(L, s, l);
    return;
  }
  put(L, "[\"", 2);
  for (i = 0; i < l && i < MAXKEY; i++) {
    int c = (unsigned char)s[i];
    if (c == '"' || c == '\\')
      put(L, "\\", 1);
    if (c < ' ' || c == 127) {
      char esc[4];
      esc[0] = '\\';
      esc[1] = (char)('0' + c / 100);
      esc[2] = (char)('0' + c / 10 % 10);
      esc[3] = (char)('0' + c % 10);
      put(L, esc, sizeof(esc));
    }
    else
      put(L, s + i, 1);
  }
  puts_(L, (l > MAXKEY) ? "...\"]" : "\"]");
}


static void putlink (lua_State *L, const GCObject *from, int link,
                     const TValue *key) {
  switch (link) {
    case MW_LINK_KEY: {
      char text[64];
      switch (ttypetag(key)) {
        case LUA_VSHRSTR: case LUA_VLNGSTR:
          putstringkey(L, tsvalue(key));
          return;
        case LUA_VNUMINT:
          lua_integer2str(text, sizeof(text), ivalue(key));
          break;
        case LUA_VNUMFLT:
          snprintf(text, sizeof(text), "%.14g", fltvalue(key));
          break;
        default:
          strcpy(text, ttistrue(key) ? "true" : "false");
      }
      put(L, "[", 1);
      puts_(L, text);
      put(L, "]", 1);
      return;
    }
    case MW_LINK_META:
      puts_(L, "<metatable>");
      return;
    case MW_LINK_UPVAL: {
      const Proto *p = gco2lcl(from)->p;
      const TString *name = p->upvalues[ivalue(key) - 1].name;
      puts_(L, "<upvalue ");
      if (name != NULL)
        put(L, getstr(name), tsslen(name));
      else
        put(L, "?", 1);
      put(L, ">", 1);
      return;
    }
    default:
      return;
  }
}


/*
** The links that lead to item 'i' of a queue, but for that of its first
** item. Turns the items' chain round to find the way back.
*/
static void putchain (lua_State *L, mw_Buffer *q, uint32_t i) {
  Item *it = items(q);
  uint32_t prev = NOPARENT;
  uint32_t length = 0, shown = 0;
  while (i != NOPARENT) {
    uint32_t parent = it[i].parent;
    it[i].parent = prev;
    prev = i;
    i = parent;
    length++;
  }
  for (i = prev; it[i].parent != NOPARENT; i = it[i].parent) {
    const Item *to = &it[it[i].parent];
    shown++;
    if (shown <= MAXSHOWN || shown + MAXSHOWN >= length)
      putlink(L, it[i].o, to->link, &to->key);
    else if (shown == MAXSHOWN + 1)
      puts_(L, " ... ");
  }
}


/*
** The way from 'Memory' to a stored object, through what is in memory.
** The first one of the shortest.
*/
static void putpath (lua_State *L, GCObject *target) {
  static mw_Buffer q;
  static mw_Map seen;
  uint32_t i;
  int ok;
  mw_map_free(&seen);
  mw_buf_shrink(&q, 0);
  ok = enqueue(&q, obj2gco(mw_S.root), NOPARENT, MW_LINK_NONE, NULL) &&
       mw_map_add(&seen, obj2gco(mw_S.root), 0) != NULL;
  for (i = 0; ok && i < nitems(&q) && items(&q)[i].o != target; i++) {
    Links w;
    TValue key, v;
    GCObject *o;
    int link;
    startlinks(&w, items(&q)[i].o);
    while (ok && nextlink(&w, &link, &key, &v, &o)) {
      if (o == NULL && (ttistable(&v) || ttisLclosure(&v)))
        o = gcvalue(&v);
      if (o != NULL && (o->marked & MW_STOREDBIT) &&
          mw_map_find(&seen, o, 0) == NULL)
        ok = mw_map_add(&seen, o, 0) != NULL &&
             enqueue(&q, o, i, link, &key);
    }
  }
  mw_map_free(&seen);
  if (ok && i < nitems(&q)) {
    puts_(L, "Memory");
    putchain(L, &q, i);
  }
  else {
    char text[64];
    const mw_Slot *s = mw_slotof(target);
    lua_integer2str(text, sizeof(text), (lua_Integer)(s ? s->id : 0));
    puts_(L, "stored table ");
    puts_(L, text);
  }
  mw_buf_free(&q);
}


static void pushmessage (lua_State *L) {
  TString *ts = luaS_newlstr(L, (char *)message.data, message.n);
  mw_buf_shrink(&message, 0);
  setsvalue2s(L, L->top.p, ts);
  mw_inctop(L);
}


static void startmessage (lua_State *L, GCObject *from, int link,
                          const TValue *key) {
  mw_buf_shrink(&message, 0);
  if (from == NULL)
    puts_(L, mw_handlepath);
  else
    putpath(L, from);
  putlink(L, from, link, key);
}


void mw_pushpath (lua_State *L, GCObject *from, int link,
                  const TValue *key, const char *msg) {
  startmessage(L, from, link, key);
  put(L, ": ", 2);
  puts_(L, msg);
  pushmessage(L);
}


l_noret mw_raise (lua_State *L) {
  int level = 1;
  lua_checkstack(L, LUA_MINSTACK);
  if (isLua(L->ci)) {
    luaL_where(L, 0);
    lua_insert(L, -2);
    lua_concat(L, 2);
    level = 0;
  }
  mw_error_persist(L, level);
  luaD_throw(L, LUA_ERRRUN);  /* not reached */
}

/* }================================================================== */


/*
** {==================================================================
** Promotion
** ===================================================================
*/

static mw_Buffer queue;

/* what was found out about a value */
enum { FINE, VISIT, REFUSED, NOMEMORY };

static int classify (const TValue *v) {
  switch (ttypetag(v)) {
    case LUA_VTABLE:
      if (hvalue(v)->marked & MW_STOREDBIT)
        return FINE;
      return mw_permanent_record(v) ? FINE : VISIT;
    case LUA_VLCL:
      if ((gcvalue(v)->marked & MW_STOREDBIT) || mw_permanent_record(v))
        return FINE;
      return (clLvalue(v)->p->text != NULL) ? VISIT : REFUSED;
    case LUA_VLCF:
    case LUA_VCCL:
      if (mw_registry_index(v) != MW_CFUNC_NONE)
        return FINE;
      return mw_permanent_record(v) ? FINE : REFUSED;
    case LUA_VUSERDATA:
      if (mw_handle_id(v) != 0)
        return FINE;
      return mw_permanent_record(v) ? FINE : REFUSED;
    case LUA_VTHREAD:
      return mw_permanent_record(v) ? FINE : REFUSED;
    case LUA_VLIGHTUSERDATA:
      return REFUSED;
    case LUA_VUPVAL:  /* a cell (no value of a script's) */
      return (gcvalue(v)->marked & MW_STOREDBIT) ? FINE : VISIT;
    default:
      return FINE;
  }
}


/* what 'classify' refuses, for messages */
static void putrefusal (lua_State *L, const TValue *v) {
  puts_(L, "cannot persist ");
  switch (ttypetag(v)) {
    case LUA_VLCL:
      puts_(L, "a function whose source text is not known");
      break;
    case LUA_VLCF: case LUA_VCCL:
      puts_(L, "a C function");
      break;
    case LUA_VLIGHTUSERDATA:
      puts_(L, "a light userdata");
      break;
    default: {
      const char *type = ttypename(ttype(v));
      const char *name = luaT_objtypename(L, v);
      puts_(L, "a ");
      puts_(L, type);
      if (strcmp(name, type) != 0) {
        puts_(L, " (");
        puts_(L, name);
        put(L, ")", 1);
      }
    }
  }
}


static int visit (GCObject *o, uint32_t parent, int link, const TValue *key) {
  uint32_t id;
  if (!mw_buf_tryreserve(&mw_S.watched, sizeof(mw_Watch)) ||
      !enqueue(&queue, o, parent, link, key))
    return NOMEMORY;
  id = mw_newid(o);
  if (id == 0) {
    queue.n -= sizeof(Item);
    return NOMEMORY;
  }
  if (o->tt == LUA_VUPVAL && upisopen(gco2upv(o))) {
    mw_Watch *w = (mw_Watch *)(void *)(mw_S.watched.data + mw_S.watched.n);
    w->id = id;
    w->hash = 0;
    mw_S.watched.n += sizeof(mw_Watch);
  }
  return FINE;
}


/*
** Visits all that the i-th object of the queue links to. If it returns
** REFUSED, the rest says where and what.
*/
static int expand (uint32_t i, int *link, TValue *key, TValue *v) {
  Links w;
  GCObject *o;
  startlinks(&w, items(&queue)[i].o);
  while (nextlink(&w, link, key, v, &o)) {
    int c = FINE;
    if (*link == MW_LINK_KEY && !ttisnumber(key) && !ttisstring(key) &&
        !ttisboolean(key)) {
      setobj(NOSTATE, v, key);
      *link = MW_LINK_NONE;
      setnilvalue(key);
      return REFUSED;
    }
    if (o == NULL) {
      c = classify(v);
      if (c == VISIT)
        o = gcvalue(v);
    }
    if (o != NULL && !(o->marked & MW_STOREDBIT))
      c = visit(o, i, *link, key);
    if (c != FINE)
      return c;
  }
  return FINE;
}


static void undo (uint32_t next, size_t news, size_t watched, lu_byte dirty) {
  uint32_t i;
  for (i = 0; i < nitems(&queue); i++)
    mw_forget(items(&queue)[i].o);
  mw_S.next = next;
  mw_S.news.n = news;
  mw_S.watched.n = watched;
  mw_S.counterdirty = dirty;
}


int mw_trypromote (lua_State *L, GCObject *from, int link,
                   const TValue *key, const TValue *v) {
  uint32_t next, i;
  size_t news, watched;
  lu_byte dirty;
  int c = classify(v);
  TValue badkey, bad;
  int badlink = MW_LINK_NONE;
  if (c == FINE)
    return 1;
  mw_knowcounter(L);
  next = mw_S.next;
  news = mw_S.news.n;
  watched = mw_S.watched.n;
  dirty = mw_S.counterdirty;
  mw_buf_shrink(&queue, 4096);
  setnilvalue(&badkey);
  i = 0;
  if (c == VISIT) {
    c = visit(gcvalue(v), NOPARENT, link, key);
    for (; c == FINE && i < nitems(&queue); i++)
      c = expand(i, &badlink, &badkey, &bad);
    if (c == FINE)
      return 1;
    undo(next, news, watched, dirty);
    if (c == NOMEMORY)
      luaM_error(L);
    startmessage(L, from, link, key);
    putchain(L, &queue, i - 1);
    putlink(L, items(&queue)[i - 1].o, badlink, &badkey);
  }
  else {
    setobj(L, &bad, v);
    startmessage(L, from, link, key);
  }
  put(L, ": ", 2);
  if (badlink == MW_LINK_NONE && c == REFUSED && i > 0 &&
      items(&queue)[i - 1].o->tt == LUA_VTABLE) {  /* it is a key */
    puts_(L, "cannot persist a key that is a ");
    puts_(L, ttypename(ttype(&bad)));
  }
  else
    putrefusal(L, &bad);
  pushmessage(L);
  return 0;
}


void mw_promote (lua_State *L, GCObject *from, int link,
                 const TValue *key, const TValue *v) {
  if (!mw_trypromote(L, from, link, key, v))
    mw_raise(L);
}

/* }================================================================== */
