/*
** limits.c
** The instruction limit: refills the countdown that calls, backward jumps
** and library loops take from, and ends a script that has used up what it
** was given
*/

#define LUA_CORE

#include "lua.h"

#include "ldo.h"
#include "lgc.h"
#include "lobject.h"
#include "lstate.h"
#include "lstring.h"

#include "mwlimits.h"


int mw_countdown = MW_INTERVAL;

void (*mw_limit_onhit) (lua_State *L) = NULL;
const char *(*mw_limit_poll) (void) = NULL;
void (*mw_pause) (lua_State *L, int intervals) = NULL;

const char *mw_limit_message = MW_LIMITMSG;

int mw_suspending = 0;
int mw_runaway = 0;

/* intervals since the interpreter loop came to 'mw_reenter', for 'mw_pause' */
static int passed = 0;
static int shortened = 0;  /* is the interval under way a short one? */

static int64_t setting = 0;  /* limit for exports to begin; 0 = none */

/*
** The limit in force; 0 = none. 'remaining' is what is left of it beyond
** the countdown. It is negative when more was noted than there was.
*/
static int64_t limit = 0;
static int64_t remaining = 0;

static int exhausted = 0;

#if MW_LUA == 54
#define GENERATIONAL	KGC_GEN
#else
#define GENERATIONAL	KGC_GENMINOR
#endif


static void refill (void) {
  int n = MW_INTERVAL;
  if (limit != 0) {
    if (remaining < n)
      n = (int)remaining;
    remaining -= n;
  }
  mw_countdown = n;
}


/*
** Raises the error. It goes straight to the innermost protected call: a
** message handler would be a script's code.
*/
static l_noret raiselimit (lua_State *L) {
  mw_countdown = 0;  /* the next charge comes here again */
  setsvalue2s(L, L->top.p, luaS_new(L, mw_limit_message));
  L->top.p++;  /* EXTRA_STACK has room */
  luaD_throw(L, LUA_ERRRUN);
}


/*
** A hook that has run away must not do so again in the exports to come.
*/
static void stophooks (lua_State *L) {
#if MW_LUA == 54
  lua_State *mth = G(L)->mainthread;
#else
  lua_State *mth = mainthread(G(L));
#endif
  lua_sethook(L, NULL, 0, 0);
  lua_sethook(mth, NULL, 0, 0);
}


/*
** Calls 'mw_limit_onhit' in the frame that was charged, which may be a Lua
** function's and then has no room for the API to push anything.
*/
static void callonhit (lua_State *L) {
  CallInfo *ci = L->ci;
  ptrdiff_t top = savestack(L, ci->top.p);
  luaD_checkstack(L, LUA_MINSTACK);
  if (ci->top.p < L->top.p + LUA_MINSTACK)
    ci->top.p = L->top.p + LUA_MINSTACK;
  mw_countdown = MW_INTERVAL;  /* what it charges is free, yet it ends */
  L->nCcalls++;  /* no operation in it may leave by returns */
  mw_limit_onhit(L);
  L->nCcalls--;
  ci->top.p = restorestack(L, top);
}


static void expired (lua_State *L) {
  if (exhausted)
    raiselimit(L);
  mw_limit_message = MW_LIMITMSG;
  if ((limit != 0 && remaining <= 0) ||
      (mw_limit_poll != NULL && (mw_limit_message = mw_limit_poll()) != NULL)) {
    exhausted = 1;
    stophooks(L);
    mw_countdown = 0;
    if (mw_limit_onhit != NULL)
      callonhit(L);
    raiselimit(L);
  }
  refill();
  mw_countdown--;  /* the step that led here */
  passed += !shortened;
  shortened = 0;
}


/*
** Where the interpreter loop might pause, the interval to come is cut to a
** few steps, not always as many: in a loop with a period, each interval
** might end in a library function.
*/
int mw_expired (lua_State *L) {
  expired(L);
  if (mw_pause != NULL) {
    static unsigned int random = 1;
    int n = 32 + (int)((random = random * 1103515245 + 12345) >> 26);
    if (mw_countdown > n) {
      if (limit != 0)
        remaining += mw_countdown - n;
      mw_countdown = n;
      shortened = 1;
    }
  }
  return (L->hookmask == 0);
}


int mw_reenter (lua_State *L) {
  int n;
  expired(L);
  n = passed;
  passed = 0;
  if (L->hookmask != 0)
    return 0;
  if (mw_pause != NULL && n > 0)
    mw_pause(L, n);
  return 1;
}


void mw_notemany (uint64_t n) {
  if (limit != 0) {
    uint64_t over = n - (uint64_t)mw_countdown;
    if (over > (uint64_t)INT64_MAX / 2)  /* avoid overflows */
      over = (uint64_t)INT64_MAX / 2;
    if (remaining > -(INT64_MAX / 2))
      remaining -= (int64_t)over;
  }
  mw_countdown = 0;
}


void mw_chargemany (lua_State *L, uint64_t n) {
  mw_notemany(n);
  if (exhausted || (limit != 0 && remaining <= 0))
    mw_expired(L);
}


void mw_limit_set (int64_t instructions) {
  setting = (instructions > 0) ? instructions : 0;
}


void mw_limit_begin (void) {
  exhausted = 0;
  limit = remaining = setting;
  refill();
}


static void disarm (global_State *g, GCObject **list) {
  GCObject *o;
  while ((o = *list) != NULL) {
    if (o->tt == LUA_VTABLE) {
      *list = o->next;
      o->next = g->allgc;
      g->allgc = o;
      resetbit(o->marked, FINALIZEDBIT);
    }
    else
      list = &o->next;
  }
}


/*
** (An emergency collection calls no finalisers, and leaves all objects as
** they are between two collections.)
*/
static MW_RARE void disarmall (lua_State *L) {
  global_State *g = G(L);
  int generational = (g->gckind != KGC_INC);
  luaC_changemode(L, KGC_INC);
  luaC_fullgc(L, 1);
  disarm(g, &g->finobj);
  disarm(g, &g->tobefnz);
  if (generational)
    luaC_changemode(L, GENERATIONAL);
}


int mw_limit_end (lua_State *L) {
  int hit = exhausted;
  if (mw_runaway)
    disarmall(L);
  mw_runaway = 0;
  exhausted = 0;
  limit = 0;
  refill();
  return hit;
}


int mw_limit_hit (void) {
  return exhausted;
}
