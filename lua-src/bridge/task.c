/*
** task.c
** Tasks: coroutines of the module's own that can wait for the host, with
** everything between the host function's call and their base
*/

#include <string.h>

#include "lua.h"

#include "lauxlib.h"

#include "ldebug.h"
#include "ldo.h"
#include "lobject.h"
#include "lstate.h"

#include "abi.h"
#include "bridge.h"
#include "error.h"
#include "mwlimits.h"
#include "registry.h"
#include "suspend.h"


/* state of a task that runs; else the status of its last record */
#define RUNNING		(-1)

typedef struct Task {
  lua_State *T;  /* base coroutine; the userdata's user value holds it */
  lua_State *inner;  /* coroutine that is to go on */
  uint32_t id;
  int state;
  int failed;  /* has ended by an error, which is on record */
  unsigned int flags;  /* of the start or the last resume */
  int left;  /* of its slice, in intervals of the instruction counter */
} Task;

/* registry key: table from id to task */
static const char tasks = 0;

static uint32_t last;  /* id given last */
static uint32_t count;
static int slice;  /* in intervals; 0: none */

static Task *running;  /* innermost task that runs */


uint32_t mw_task_count (void) {
  return count;
}


/*
** {==================================================================
** Suspension
** ===================================================================
*/

uint32_t mw_task_yieldable (lua_State *L) {
  if (running == NULL)
    return 0;
  for (;;) {
    if (!lua_isyieldable(L))
      return 0;
    if (L == running->T)
      return running->id;
    L = mw_resumer(L);
    if (L == NULL)
      return 0;
  }
}


/* name of the innermost library function that can't be left, or NULL */
static const char *culprit (lua_State *L) {
  static const char *const pass[] = {
    "pcall", "xpcall", "dofile", "pairs", "coroutine.resume"
  };
  const CallInfo *ci;
  for (ci = L->ci; ci != &L->base_ci; ci = ci->previous) {
    const char *name = mw_registry_name(mw_registry_index(s2v(ci->func.p)));
    size_t i;
    if (isLua(ci) || name == NULL)
      continue;
    for (i = 0; i < sizeof(pass) / sizeof(pass[0]); i++) {
      if (strcmp(name, pass[i]) == 0)
        break;
    }
    if (i == sizeof(pass) / sizeof(pass[0]))
      return name;
  }
  return NULL;
}


void mw_task_reason (lua_State *L) {
  lua_State *co = L;
  const char *name;
  while (lua_isyieldable(co) && mw_resumer(co) != NULL)
    co = mw_resumer(co);
  if (running == NULL || lua_isyieldable(co))
    lua_pushliteral(L, "what runs here is no task");
  else if ((name = culprit(co)) != NULL)
    lua_pushfstring(L, "Lua cannot leave the call of '%s'", name);
  else
    lua_pushliteral(L, "Lua cannot leave a call from C (a finalizer, "
                       "a metamethod, or a call by the host)");
}


static int answered (lua_State *L, int status, lua_KContext ctx) {
  unsigned int flags = running->flags;
  (void)status; (void)ctx;
  if ((flags & (MW_RESUME_ERROR | MW_RESUME_ERRORHERE)) == 0)
    return lua_gettop(L);
  lua_settop(L, 1);
  if ((flags & MW_RESUME_ERRORHERE) && lua_type(L, 1) == LUA_TSTRING) {
    luaL_where(L, 1);
    lua_insert(L, 1);
    lua_concat(L, 2);
  }
  return mw_returnerror(L);
}


int mw_task_wait (lua_State *L) {
  running->state = MW_REC_WAITS;
  running->inner = L;
  mw_suspending = 1;
  lua_settop(L, 0);
  return lua_yieldk(L, 0, 0, answered);
}


/*
** For 'mw_pause': suspends a task whose slice is used up. It yields as a
** hook does; what continues it takes one from 'savedpc', which in a function
** that has just been called stands before its first instruction.
*/
static void pause_ (lua_State *L, int intervals) {
  CallInfo *ci = L->ci;
  if (running == NULL || (running->left -= intervals) > 0)
    return;
  if (mw_task_yieldable(L) == 0) {
    running->left = 1;
    return;
  }
  if (ci->u.l.savedpc == ci_func(ci)->p->code)
    ci->u.l.savedpc++;
  running->state = MW_REC_SLICED;
  running->inner = L;
  mw_suspending = 1;
  L->status = LUA_YIELD;
  ci->u2.nyield = 0;
  luaD_throw(L, LUA_YIELD);
}


MW_EXPORT void set_slice (uint32_t steps) {
  slice = (int)(steps / MW_INTERVAL + (steps % MW_INTERVAL != 0));
  mw_pause = (slice > 0) ? pause_ : NULL;
}

/* }================================================================== */


/*
** {==================================================================
** Running a task. The body of its coroutine is a protected call, so that
** errors have their traceback.
** ===================================================================
*/

static int finish (lua_State *T, int status, lua_KContext ctx) {
  (void)ctx;
  if (status == LUA_OK || status == LUA_YIELD) {
    lua_remove(T, 1);
    return lua_gettop(T);
  }
  mw_error_record(T, status, mw_call_syntax);
  running->failed = 1;
  return 0;
}


/* stack: function, arguments */
static int body (lua_State *T) {
  int n = lua_gettop(T) - 1;
  lua_pushcfunction(T, mw_call_handler);
  lua_insert(T, 1);
  n = lua_pcallk(T, n, LUA_MULTRET, 1, 0, finish);
  return (n < 0) ? n : finish(T, n, 0);
}


/* the task is no more */
static void drop (lua_State *L, Task *t) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &tasks) == LUA_TTABLE &&
      lua_rawgeti(L, -1, (lua_Integer)t->id) != LUA_TNIL) {
    count--;
    lua_pushnil(L);
    lua_rawseti(L, -3, (lua_Integer)t->id);
  }
  lua_pop(L, 2);
}


/*
** Ends a suspended task, innermost coroutine first. Pushes the last error
** of a '__close' metamethod and returns 0, or 1 if there was none.
*/
static int closeall (lua_State *L, Task *t) {
  lua_State *co = t->inner;
  int top = lua_gettop(L);
  t->state = RUNNING;
  while (co != NULL) {
    lua_State *next = (co == t->T) ? NULL : mw_resumer(co);
    mw_resumer(co) = NULL;
    if (lua_closethread(co, L) != LUA_OK) {
      lua_settop(L, top);
      lua_xmove(co, L, 1);
    }
    co = next;
  }
  drop(L, t);
  return lua_gettop(L) == top;
}


/* arguments: the task (light userdata), values of the record */
static int auxrecord (lua_State *L) {
  const Task *t = (const Task *)lua_touserdata(L, 1);
  mw_call_record(L, t->state, (t->state != MW_REC_FINISHED) ? t->id : 0,
                 lua_gettop(L) - 1, t->flags);
  return 0;
}


/*
** Lets a task go on with 'narg' values on top of the stack of 'inner' (or of
** the base coroutine) and leaves a record. The task is on the stack of L.
*/
static int run (lua_State *L, mw_Call *c, Task *t, int narg) {
  Task *outer = running;
  int status, nres = 0;
  t->left = slice;
  t->flags = c->flags;
  t->state = RUNNING;
  t->failed = 0;
  running = t;
  status = lua_resume(t->T, L, narg, &nres);
  running = outer;
  mw_suspending = 0;
  if (status == LUA_OK) {
    c->failed = t->failed;
    t->state = MW_REC_FINISHED;
  }
  else if (status == LUA_YIELD) {
    if (t->state == RUNNING) {
      t->state = MW_REC_YIELDED;
      t->inner = t->T;
    }
    else
      nres = 0;
    if (mw_limit_hit()) {  /* the script has caught that error */
      closeall(L, t);
      c->failed = 1;
    }
  }
  else {  /* error in resuming */
    drop(L, t);
    lua_xmove(t->T, L, 1);
    return lua_error(L);
  }
  if (t->state == MW_REC_FINISHED)
    drop(L, t);
  if (c->failed)
    return 0;
  lua_pushcfunction(L, auxrecord);
  lua_pushlightuserdata(L, t);
  if (lua_checkstack(L, nres)) {
    lua_xmove(t->T, L, nres);
    status = lua_pcall(L, nres + 1, 0, 0);
  }
  else {
    lua_pushliteral(L, "too many results");
    status = LUA_ERRRUN;
  }
  if (status != LUA_OK) {  /* no record, no task */
    if (t->state != MW_REC_FINISHED) {
      closeall(L, t);
      lua_pushvalue(L, -1);
    }
    return lua_error(L);
  }
  return 0;
}


static int dostart (lua_State *L) {
  mw_Call *c = (mw_Call *)lua_touserdata(L, 1);
  Task *t;
  int n;
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &tasks) == LUA_TNIL) {
    lua_newtable(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &tasks);
  }
  lua_settop(L, 0);
  if (last >= INT32_MAX)
    return luaL_error(L, "no more ids for tasks");
  t = (Task *)lua_newuserdatauv(L, sizeof(Task), 1);
  t->T = t->inner = lua_newthread(L);
  lua_setiuservalue(L, 1, 1);
  mw_function_push(L, c);
  n = mw_value_input(L, c) + 1;
  if (!lua_checkstack(t->T, n + 2))
    return luaL_error(L, "too many arguments");
  lua_pushcfunction(t->T, body);
  lua_xmove(L, t->T, n);
  t->id = ++last;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &tasks);
  lua_pushvalue(L, 1);
  lua_rawseti(L, -2, (lua_Integer)t->id);
  count++;
  return run(L, c, t, n);
}


MW_EXPORT int task_start (uint32_t f, const unsigned char *p, size_t n,
                          unsigned int flags) {
  mw_Call c = {f, p, n, flags, 0, NULL};
  return mw_call_run(dostart, &c);
}


/* the task with an id, left on the stack; it may not run */
static Task *totask (lua_State *L, uint32_t id, const char *what) {
  Task *t = NULL;
  lua_settop(L, 0);
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &tasks) == LUA_TTABLE) {
    lua_rawgeti(L, -1, (lua_Integer)id);
    t = (Task *)lua_touserdata(L, -1);
  }
  if (t == NULL)
    luaL_error(L, "there is no task %d to %s", (int)id, what);
  if (t->state == RUNNING)
    luaL_error(L, "cannot %s task %d: it is running", what, (int)id);
  return t;
}


static int input (lua_State *L) {
  return mw_value_input(L, (const mw_Call *)lua_touserdata(L, 1));
}


static int doresume (lua_State *L) {
  mw_Call *c = (mw_Call *)lua_touserdata(L, 1);
  Task *t = totask(L, c->f, "resume");
  int n, top = lua_gettop(L);
  lua_pushcfunction(L, input);
  lua_pushlightuserdata(L, c);
  if (lua_pcall(L, 1, LUA_MULTRET, 0) != LUA_OK)
    c->flags |= MW_RESUME_ERRORHERE;
  n = lua_gettop(L) - top;
  if (t->state == MW_REC_WAITS) {
    if (n == 0 && (c->flags & (MW_RESUME_ERROR | MW_RESUME_ERRORHERE))) {
      lua_pushnil(L);
      n = 1;
    }
  }
  else if (c->flags & (MW_RESUME_ERROR | MW_RESUME_ERRORHERE))
    return luaL_error(L, "task %d does not wait: %s", (int)c->f,
                         (n > 0 && lua_isstring(L, -1)) ? lua_tostring(L, -1)
                         : "nothing can be raised in it");
  else if (t->state == MW_REC_SLICED && n > 0)
    return luaL_error(L, "task %d does not wait: expected an empty record",
                         (int)c->f);
  if (n > 0) {  /* (else the frame may be a Lua function's) */
    if (!lua_checkstack(t->inner, n))
      return luaL_error(L, "too many values");
    lua_xmove(L, t->inner, n);
  }
  return run(L, c, t, (t->state == MW_REC_YIELDED) ? n : 0);
}


MW_EXPORT int task_resume (uint32_t id, const unsigned char *p, size_t n,
                           unsigned int flags) {
  mw_Call c = {id, p, n, flags, 0, NULL};
  return mw_call_run(doresume, &c);
}


static int doclose (lua_State *L) {
  mw_Call *c = (mw_Call *)lua_touserdata(L, 1);
  Task *t = totask(L, c->f, "close");
  if (!closeall(L, t))
    return lua_error(L);
  mw_call_record(L, MW_REC_FINISHED, 0, 0, 0);
  return 0;
}


MW_EXPORT int task_close (uint32_t id) {
  mw_Call c = {id, NULL, 0, 0, 0, NULL};
  return mw_call_run(doclose, &c);
}

/* }================================================================== */
