/*
** path.c
** The paths in error messages: which way 'Memory' leads to an object
*/

#include <stdio.h>
#include <string.h>

#include "lauxlib.h"
#include "lctype.h"
#include "ldebug.h"
#include "ldo.h"
#include "lmem.h"
#include "lstring.h"

#include "error.h"
#include "stored.h"


/* of a path with more links, so many at each end are shown */
#define MAXSHOWN	32

/* of a longer string key, so many bytes are shown */
#define MAXKEY		60


/*
** {==================================================================
** Queues of objects that remember how they were reached
** ===================================================================
*/

int mw_enqueue (mw_Buffer *q, GCObject *o, uint32_t parent, int link,
                const TValue *key) {
  mw_Item *it;
  if (!mw_buf_tryreserve(q, sizeof(mw_Item)))
    return 0;
  it = &mw_items(q)[mw_nitems(q)];
  it->o = o;
  it->parent = parent;
  it->link = link;
  if (key != NULL)
    setobj(NOSTATE, &it->key, key)
  else
    setnilvalue(&it->key);
  q->n += sizeof(mw_Item);
  return 1;
}

/* }================================================================== */


/*
** {==================================================================
** Paths
** ===================================================================
*/

static mw_Buffer message;
static lua_State *writer;  /* thread that the message is for */


void mw_put (const char *s, size_t n) {
  if (!mw_buf_tryreserve(&message, n))
    luaM_error(writer);
  memcpy(message.data + message.n, s, n);
  message.n += n;
}


void mw_puts (const char *s) {
  mw_put(s, strlen(s));
}


static void putstring (const TString *ts) {
  mw_put(getstr(ts), tsslen(ts));
}


/* a number as 'tostring' gives it */
static void putnumber (lua_State *L, const TValue *n) {
  TValue v;
  setobj(L, &v, n);
  luaO_tostring(L, &v);
  putstring(tsvalue(&v));
}


static int isname (const TString *ts, const char *s, size_t l) {
  size_t i;
  if (l == 0 || (ts->tt == LUA_VSHRSTR && ts->extra > 0))  /* reserved? */
    return 0;
  for (i = 0; i < l; i++) {
    int c = (unsigned char)s[i];
    if (i == 0 ? !lislalpha(c) : !lislalnum(c))
      return 0;
  }
  return 1;
}


static void putstringkey (const TString *ts) {
  const char *s = getstr(ts);
  size_t l = tsslen(ts);
  size_t i;
  if (l <= MAXKEY && isname(ts, s, l)) {
    mw_puts(".");
    putstring(ts);
    return;
  }
  mw_puts("[\"");
  for (i = 0; i < l && i < MAXKEY; i++) {
    int c = (unsigned char)s[i];
    if (c == '"' || c == '\\')
      mw_puts("\\");
    if (c < ' ' || c == 127) {
      char esc[5];
      snprintf(esc, sizeof(esc), "\\%03d", c);
      mw_puts(esc);
    }
    else
      mw_put(s + i, 1);
  }
  mw_puts((l > MAXKEY) ? "...\"]" : "\"]");
}


void mw_putlink (lua_State *L, const GCObject *from, int link,
                 const TValue *key) {
  const char *kind, *name;
  switch (link) {
    case MW_LINK_KEY:
      if (ttisstring(key)) {
        putstringkey(tsvalue(key));
        return;
      }
      mw_puts("[");
      if (ttisnumber(key))
        putnumber(L, key);
      else
        mw_puts(ttistrue(key) ? "true" : "false");
      mw_puts("]");
      return;
    case MW_LINK_META:
      mw_puts("<metatable>");
      return;
    case MW_LINK_UPVAL: {
      const Proto *p = gco2lcl(from)->p;
      const TString *ts = p->upvalues[ivalue(key) - 1].name;
      kind = "<upvalue ";
      name = (ts != NULL) ? getstr(ts) : "?";
      break;
    }
    case MW_LINK_SLOT:
      kind = "<local ";
      name = mw_thread_slotname(gco2th(from), (uint32_t)ivalue(key));
      break;
    default:
      return;
  }
  mw_puts(kind);
  mw_puts(name);
  mw_puts(">");
}


/*
** The links that lead to item 'i' of a queue, but for that of its first
** item. Turns the items' chain round to find the way back.
*/
void mw_putchain (lua_State *L, mw_Buffer *q, uint32_t i) {
  mw_Item *it = mw_items(q);
  uint32_t prev = MW_NOPARENT;
  uint32_t length = 0, shown = 0;
  while (i != MW_NOPARENT) {
    uint32_t parent = it[i].parent;
    it[i].parent = prev;
    prev = i;
    i = parent;
    length++;
  }
  for (i = prev; it[i].parent != MW_NOPARENT; i = it[i].parent) {
    const mw_Item *to = &it[it[i].parent];
    shown++;
    if (shown <= MAXSHOWN || shown + MAXSHOWN >= length)
      mw_putlink(L, it[i].o, to->link, &to->key);
    else if (shown == MAXSHOWN + 1)
      mw_puts(" ... ");
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
  ok = mw_enqueue(&q, obj2gco(mw_S.root), MW_NOPARENT, MW_LINK_NONE, NULL) &&
       mw_map_add(&seen, obj2gco(mw_S.root), 1) != NULL;
  for (i = 0; ok && i < mw_nitems(&q) && mw_items(&q)[i].o != target; i++) {
    mw_Links w;
    mw_startlinks(&w, mw_items(&q)[i].o);
    while (ok && mw_nextlink(&w)) {
      if (mw_isstoredvalue(&w.e.v) &&
          mw_map_find(&seen, gcvalue(&w.e.v), 0) == NULL)
        ok = mw_map_add(&seen, gcvalue(&w.e.v), 1) != NULL &&
             mw_enqueue(&q, gcvalue(&w.e.v), i, w.link, &w.e.k);
    }
  }
  mw_map_free(&seen);
  if (ok && i < mw_nitems(&q)) {
    mw_puts("Memory");
    mw_putchain(L, &q, i);
  }
  else {
    const mw_Slot *s = mw_slotof(target);
    TValue id;
    setivalue(&id, s ? s->id : 0);
    mw_puts("stored table ");
    putnumber(L, &id);
  }
  mw_buf_free(&q);
}


void mw_pushmessage (lua_State *L) {
  TString *ts = luaS_newlstr(L, (char *)message.data, message.n);
  mw_buf_shrink(&message, 0);
  setsvalue2s(L, L->top.p, ts);
  mw_inctop(L);
}


void mw_startmessage (lua_State *L, GCObject *from, int link,
                          const TValue *key) {
  writer = L;
  mw_buf_shrink(&message, 0);
  if (from == NULL)
    mw_puts("ext.table()");
  else
    putpath(L, from);
  mw_putlink(L, from, link, key);
}


void mw_pushpath (lua_State *L, GCObject *from, int link,
                  const TValue *key, const char *msg) {
  mw_startmessage(L, from, link, key);
  mw_puts(": ");
  mw_puts(msg);
  mw_pushmessage(L);
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


void mw_putkeyrefusal (lua_State *L, const TValue *key) {
  mw_puts(": cannot persist a key that is a ");
  mw_puts(ttypename(ttype(key)));
  mw_pushmessage(L);
}


l_noret mw_refusekey (lua_State *L, GCObject *from, const TValue *key) {
  mw_startmessage(L, from, MW_LINK_NONE, NULL);
  mw_putkeyrefusal(L, key);
  mw_raise(L);
}


l_noret mw_raiseat (lua_State *L, GCObject *from, int link,
                    const TValue *key, const char *msg) {
  mw_pushpath(L, from, link, key, msg);
  mw_raise(L);
}

/* }================================================================== */
