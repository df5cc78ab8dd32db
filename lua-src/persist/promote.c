/*
** promote.c
** Promotion: what becomes reachable from something stored is checked, and
** then stored, too, with all that it reaches. Nothing here recurses.
*/

#include <string.h>

#include "ldo.h"
#include "lfunc.h"
#include "lmem.h"
#include "ltm.h"

#include "extlib.h"
#include "registry.h"
#include "stored.h"
#include "suspend.h"


static mw_Buffer queue;

/* what was found out about a value */
enum { FINE, VISIT, REFUSED, NOMEMORY };

static int classify (const TValue *v) {
  if (mw_isplain(v) || mw_isstoredvalue(v))
    return FINE;
  if (ttypetag(v) == LUA_VUPVAL)  /* a cell (no value of a script's) */
    return VISIT;
  if (mw_registry_index(v) != MW_CFUNC_NONE || mw_handle_id(v) != 0 ||
      mw_permanent_record(v) != NULL)
    return FINE;
  return (ttistable(v) || (ttisLclosure(v) && clLvalue(v)->p->text != NULL) ||
          (ttisCclosure(v) && clCvalue(v)->f == mw_auxwrap) ||
          (ttisthread(v) && mw_thread_state(thvalue(v)) <= MW_THREAD_RUNS))
         ? VISIT : REFUSED;
}


/* what 'classify' refuses, for messages */
static void putrefusal (lua_State *L, const TValue *v) {
  mw_puts(": cannot persist ");
  switch (ttypetag(v)) {
    case LUA_VLCL:
      mw_puts("a function whose source text is not known");
      break;
    case LUA_VLCF: case LUA_VCCL:
      mw_puts("a C function");
      break;
    case LUA_VTHREAD:
      mw_thread_putrefusal(thvalue(v));
      break;
    case LUA_VLIGHTUSERDATA:
      mw_puts("a light userdata");
      break;
    default: {
      const char *type = ttypename(ttype(v));
      const char *name = luaT_objtypename(L, v);
      mw_puts("a ");
      mw_puts(type);
      if (strcmp(name, type) != 0) {
        mw_puts(" (");
        mw_puts(name);
        mw_puts(")");
      }
    }
  }
}


static int visit (GCObject *o, uint32_t parent, int link, const TValue *key) {
  uint32_t id;
  if (!mw_buf_tryreserve(&mw_S.watched, sizeof(mw_Watch)) ||
      !mw_enqueue(&queue, o, parent, link, key))
    return NOMEMORY;
  id = mw_newid(o);
  if (id == 0) {
    queue.n -= sizeof(mw_Item);
    return NOMEMORY;
  }
  if (o->tt == LUA_VTHREAD)
    mw_noteran(gco2th(o));  /* to be looked at again before it is stored */
  if (o->tt == LUA_VTHREAD ||
      (o->tt == LUA_VUPVAL && upisopen(gco2upv(o)))) {
    mw_Watch *w = (mw_Watch *)(void *)(mw_S.watched.data + mw_S.watched.n);
    w->id = id;
    w->hash = 0;
    mw_S.watched.n += sizeof(mw_Watch);
  }
  return FINE;
}


/*
** Visits all that the i-th object of the queue links to. If it returns
** REFUSED, 'w' is where and what.
*/
static int expand (uint32_t i, mw_Links *w) {
  mw_startlinks(w, mw_items(&queue)[i].o);
  while (mw_nextlink(w)) {
    int c;
    if (w->link == MW_LINK_KEY && !mw_isplain(&w->e.k)) {
      setobj(NOSTATE, &w->e.v, &w->e.k);
      w->link = MW_LINK_NONE;
      return REFUSED;
    }
    c = classify(&w->e.v);
    if (c == VISIT)
      c = visit(gcvalue(&w->e.v), i, w->link, &w->e.k);
    if (c != FINE)
      return c;
  }
  return FINE;
}


static void undo (uint32_t next, size_t news, size_t watched, lu_byte dirty) {
  uint32_t i;
  for (i = 0; i < mw_nitems(&queue); i++)
    mw_forget(mw_items(&queue)[i].o);
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
  const TValue *bad = v;
  mw_Links w;
  if (c == FINE)
    return 1;
  mw_knowcounter(L);
  next = mw_S.next;
  news = mw_S.news.n;
  watched = mw_S.watched.n;
  dirty = mw_S.counterdirty;
  mw_buf_shrink(&queue, 4096);
  i = 0;
  if (c == VISIT) {
    c = visit(gcvalue(v), MW_NOPARENT, link, key);
    for (; c == FINE && i < mw_nitems(&queue); i++)
      c = expand(i, &w);
    if (c == FINE)
      return 1;
    undo(next, news, watched, dirty);
    if (c == NOMEMORY)
      luaM_error(L);
    bad = &w.e.v;
  }
  if (from != NULL && mw_detach(L, from))
    return 0;
  mw_startmessage(L, from, link, key);
  if (i > 0) {
    mw_putchain(L, &queue, i - 1);
    mw_putlink(L, w.o, w.link, &w.e.k);
  }
  if (i > 0 && w.link == MW_LINK_NONE && w.o->tt == LUA_VTABLE)  /* a key? */
    mw_putkeyrefusal(L, bad);
  else {
    putrefusal(L, bad);
    mw_pushmessage(L);
  }
  return -1;
}


/*
** What runs now has not been stored as it was before, if it was: that goes
** on to be so.
*/
int mw_trythread (lua_State *L, lua_State *L1) {
  GCObject *from = obj2gco(L1);
  mw_Links w;
  if (mw_thread_state(L1) != MW_THREAD_RESTS) {
    if (mw_detach(L, from))
      return 0;
    mw_startmessage(L, from, MW_LINK_NONE, NULL);
    setthvalue(L, &w.e.v, L1);
    putrefusal(L, &w.e.v);
    mw_pushmessage(L);
    return -1;
  }
  mw_settleloops(L, L1);
  mw_startlinks(&w, from);
  while (mw_nextlink(&w)) {
    int c = mw_trypromote(L, from, w.link, &w.e.k, &w.e.v);
    if (c <= 0)
      return c;
  }
  mw_noteobject(L, from);
  mw_slotof(L1)->state &= ~(uint32_t)MW_ST_RAN;
  return 1;
}


int mw_promote (lua_State *L, GCObject *from, int link,
                const TValue *key, const TValue *v) {
  int c = mw_trypromote(L, from, link, key, v);
  if (c < 0)
    mw_raise(L);
  return c;
}
