/*
** thread.c
** Stored coroutines: what of a stack is stored
*/

#include <limits.h>
#include <string.h>

#include "ldebug.h"
#include "ldo.h"
#include "lfunc.h"
#include "lmem.h"
#include "lopcodes.h"
#include "lvm.h"

#include "mwlimits.h"
#include "reach.h"
#include "registry.h"
#include "suspend.h"
#include "thread.h"
#include "verify.h"


#define isfailed(T)	((T)->status > LUA_YIELD)

#if MW_LUA == 54
#define ismain(T)	(G(T)->mainthread == (T))
#else
#define ismain(T)	(mainthread(G(T)) == (T))
#endif


/*
** {==================================================================
** What a coroutine's stack is made of
** ===================================================================
*/

int mw_framekind (const CallInfo *ci) {
  int i;
  if (isLua(ci))
    return MW_F_LUA;
  for (i = 0; i < 3; i++) {
    if (ci->u.c.k == mw_continuations[i])
      return (i > 0 || ci->u.c.ctx == 0) ? MW_F_PCALL + i : MW_F_XPCALL;
  }
  return -1;
}


/* the first frame (from the last one on) that can't be rebuilt, or NULL */
static const CallInfo *culprit (const lua_State *L1) {
  const CallInfo *ci = L1->ci;
  if (isLua(ci) || ci->u.c.k != NULL)
    return ci;
  for (ci = ci->previous; ci != &L1->base_ci; ci = ci->previous) {
    if (mw_framekind(ci) < 0)
      return ci;
  }
  return NULL;
}


int mw_thread_state (const lua_State *L1) {
  if (ismain(L1))
    return MW_THREAD_NEVER;
  if (L1->hook != NULL && L1->hookmask != 0)
    return MW_THREAD_REFUSED;
  if (L1->status == LUA_OK && L1->ci != &L1->base_ci)
    return MW_THREAD_RUNS;
  if (L1->status == LUA_YIELD &&
      (mw_resumer(cast(lua_State *, L1)) != NULL || culprit(L1) != NULL))
    return MW_THREAD_REFUSED;
  return MW_THREAD_RESTS;
}


void mw_thread_putrefusal (lua_State *L1) {
  switch (mw_thread_state(L1)) {
    case MW_THREAD_NEVER:
      mw_puts("the main coroutine");
      return;
    case MW_THREAD_RUNS:
      mw_puts("a running coroutine");
      return;
  }
  if (L1->hook != NULL && L1->hookmask != 0)
    mw_puts("a coroutine with a debug hook");
  else if (mw_resumer(L1) != NULL)
    mw_puts("a coroutine that waits for the host");
  else {
    const CallInfo *ci = culprit(L1);
    const char *name = mw_registry_name(mw_registry_index(s2v(ci->func.p)));
    mw_puts("a coroutine suspended inside ");
    mw_puts(isLua(ci) ? "a debug hook"
               : name != NULL ? name : "a C function");
  }
}


StkId mw_called (const CallInfo *ci) {
  StkId func = ci->func.p;
  if (isLua(ci) && mw_hasextra(ci_func(ci)->p))
    func -= ci->u.l.nextraargs + ci_func(ci)->p->numparams + 1;
  return func;
}


const char *mw_thread_slotname (lua_State *L1, uint32_t i) {
  StkId pos;
  CallInfo *ci = L1->ci;
  const char *name;
  while (ci != &L1->base_ci && mw_indexof(L1, mw_called(ci)) >= i)
    ci = ci->previous;
  if (mw_indexof(L1, ci->func.p) >= i)
    return "(vararg)";
  name = luaG_findlocal(L1, ci, cast_int(i - mw_indexof(L1, ci->func.p)), &pos);
  return (name != NULL) ? name : "?";
}


void mw_startslots (mw_Slots *w, lua_State *L1) {
  w->L1 = L1;
  w->o = (mw_thread_state(L1) == MW_THREAD_RESTS) ? L1->top.p : mw_slot(L1, 1);
  w->uv = L1->openupval;
  w->tbc = L1->tbclist.p;
  w->ci = isfailed(L1) ? NULL : L1->ci;
  w->above = L1->top.p;
}


/* a value of a frame that is no more; the error object is the last one */
static int isdropped (const mw_Slots *w) {
  const CallInfo *ci = w->ci;
  if (w->o == w->above - 1)
    return 0;
  return ci == NULL ||
         (!isLua(ci) && (ci->callstatus & CIST_YPCALL) &&
          getcistrecst(ci) != LUA_OK &&
          w->o >= restorestack(w->L1, ci->u2.funcidx));
}


int mw_nextslot (mw_Slots *w, TValue *v) {
  if (w->o <= mw_slot(w->L1, 1))
    return 0;
  w->o--;
  while (w->ci != NULL && w->o < mw_called(w->ci)) {
    w->above = mw_called(w->ci);
    w->ci = w->ci->previous;
  }
  w->istbc = (w->o == w->tbc);
  if (w->istbc) {
    w->tbc -= w->tbc->tbclist.delta;
    while (w->tbc > w->L1->stack.p && w->tbc->tbclist.delta == 0)
      w->tbc -= MW_MAXDELTA;  /* what fills too wide a gap */
  }
  if (w->uv != NULL && w->uv->v.p == s2v(w->o)) {
    setgcovalue(NOSTATE, v, obj2gco(w->uv));
    w->uv = w->uv->u.open.next;
  }
  else if (!w->istbc && isdropped(w))
    setnilvalue(v);
  else
    setobj(NOSTATE, v, s2v(w->o));
  return 1;
}

/* }================================================================== */


/*
** {==================================================================
** Writing
** ===================================================================
*/

uint32_t mw_codehash (const Proto *p) {
  uint64_t h = mw_hash(MW_HASHSEED, p->code,
                       (size_t)p->sizecode * sizeof(Instruction));
  return (uint32_t)mw_hash(h, &p->maxstacksize, 1);
}


static void addframe (const lua_State *L1, const CallInfo *ci) {
  int kind = (ci == L1->ci) ? MW_F_YIELD : mw_framekind(ci);
  int tail = (ci->callstatus & CIST_TAIL) ? MW_F_TAIL : 0;
  mw_store_u8(cast_uint(kind | tail));
  mw_store_u32(mw_indexof(L1, ci->func.p));
  if (kind == MW_F_LUA) {
    const Proto *p = ci_func(ci)->p;
    const Instruction *pc = ci->u.l.savedpc;
    mw_store_u32(mw_codehash(p));
    mw_store_u32((size_t)(pc - p->code));
    mw_store_u32(mw_hasextra(p) ? (size_t)ci->u.l.nextraargs : 0);
    mw_store_u32(opcode(pc[-1]) == OP_RETURN ? (size_t)ci->u2.nres : 0);
  }
  else
    mw_store_u8(cast_uint(getcistrecst(ci)));
}


int mw_thread_encode (lua_State *L, lua_State *L1) {
  mw_Slots w;
  TValue v;
  const CallInfo *ci;
  size_t head;
  if (mw_thread_state(L1) != MW_THREAD_RESTS ||
      (mw_slotof(L1)->state & MW_ST_RAN))
    return 0;  /* not now, or not looked at yet */
  mw_store_header(MW_TAG_THREAD);
  mw_store_u8(MW_LUA);
  mw_store_u8(L1->status);
  mw_store_u32(mw_indexof(L1, L1->top.p));
  head = mw_val.n;
  mw_store_u32(0);  /* number of variables to be closed */
  mw_scratch(TOCLOSE).n = 0;
  mw_startslots(&w, L1);
  while (mw_nextslot(&w, &v)) {
    if (w.istbc)
      mw_buf_addu32(L, &mw_scratch(TOCLOSE), mw_indexof(L1, w.o));
    if (ttypetag(&v) != LUA_VUPVAL) {
      if (!mw_store_encode(&v))
        return 0;
    }
    else if (mw_isstoredvalue(&v))
      mw_store_ref(gcvalue(&v));
    else
      return 0;  /* is new since this was looked at */
  }
  memcpy(mw_val.data + head, &(uint32_t){(uint32_t)(mw_scratch(TOCLOSE).n / 4)}, 4);
  if (mw_scratch(TOCLOSE).n > 0)
    mw_buf_add(L, &mw_val, mw_scratch(TOCLOSE).data, mw_scratch(TOCLOSE).n);
  if (L1->status == LUA_YIELD) {
    for (ci = L1->base_ci.next; ; ci = ci->next) {
      addframe(L1, ci);
      if (ci == L1->ci)
        break;
    }
  }
  return 1;
}

/* }================================================================== */
