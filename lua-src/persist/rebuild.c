/*
** rebuild.c
** Coroutines that are read again. What follows from other parts of a record
** (where results go, how many there will be, message handlers,
** continuations) is not in it, so that it can't be wrong; all else is held
** against the code that is suspended.
*/

#include <limits.h>
#include <string.h>

#include "ldebug.h"
#include "ldo.h"
#include "lfunc.h"
#include "lmem.h"
#include "lopcodes.h"

#include "mwlimits.h"
#include "reach.h"
#include "suspend.h"
#include "thread.h"
#include "verify.h"


/* of a stack, as upstream has it (in 5.5 for itself only) */
#define MAXSLOTS	1000000

#if MW_LUA == 54
#define setwanted(ci,n)	((ci)->nresults = cast(short, n))
#else
#define setwanted(ci,n)	((ci)->callstatus |= cast(l_uint32, (n) + 1))
#endif

static l_noret damaged (void) {
  mw_badvalue("its record is missing or damaged");
}

/* what holds of every record that was written */
#define check(c)	((c) ? (void)0 : damaged())

#define M_OPEN		1  /* an open upvalue stands there */
#define M_TBC		2  /* is to be closed */

#define marks	mw_scratch(MARKS)  /* of each slot */

/* a thread that is being built */
typedef struct Build {
  lua_State *L;
  lua_State *L1;
  mw_Reader r;
  uint32_t n;  /* number of slots in use */
} Build;


/* makes the closed upvalue 'uv' that of the slot */
static void openupval (lua_State *L1, UpVal *uv, StkId level, UpVal **tail) {
  setobj2s(L1, level, uv->v.p);
  uv->v.p = s2v(level);
  uv->u.open.next = NULL;
  uv->u.open.previous = tail;
  *tail = uv;
  resetbit(uv->marked, BLACKBIT);  /* (open ones are gray) */
  if (!isintwups(L1)) {
    L1->twups = G(L1)->twups;
    G(L1)->twups = L1;
  }
}


/* all values, from the top down */
static void readslots (Build *d) {
  lua_State *L1 = d->L1;
  UpVal **tail = &L1->openupval;
  uint32_t i;
  for (i = d->n - 1; i > 0; i--) {
    const unsigned char *p = d->r.p;
    mw_skipvalue(&d->r);
    if (*p == MW_TAG_CELL) {
      UpVal *uv = mw_cellbyid(d->L, mw_getid(p + 2));
      check(!upisopen(uv));
      openupval(L1, uv, mw_slot(L1, i), tail);
      tail = &uv->u.open.next;
      marks.data[i] = M_OPEN;
    }
    else {
      mw_Reader v;
      TValue o;
      mw_reader(&v, p, (size_t)(d->r.p - p));
      mw_decodevalue(d->L, &v, &o);
      setobj2s(L1, mw_slot(L1, i), &o);
    }
  }
}


/* variables to be closed, which are in the record from the top down */
static void readtbcs (Build *d, uint32_t n) {
  const unsigned char *p = mw_read_bytes(&d->r, 4 * (size_t)n);
  lua_State *L1 = d->L1;
  while (n-- > 0) {
    uint32_t i = mw_getid(p + 4 * (size_t)n);
    check(i > mw_indexof(L1, L1->tbclist.p) && i < d->n);
    while (i - mw_indexof(L1, L1->tbclist.p) > MW_MAXDELTA) {
      L1->tbclist.p += MW_MAXDELTA;
      L1->tbclist.p->tbclist.delta = 0;
    }
    mw_slot(L1, i)->tbclist.delta =
      cast(unsigned short, mw_slot(L1, i) - L1->tbclist.p);
    L1->tbclist.p = mw_slot(L1, i);
    marks.data[i] |= M_TBC;
  }
}


/*
** How many results a frame waits for (LUA_MULTRET: all), if it has called
** something at 'at'; or -2 if it can't have.
*/
static int expected (const lua_State *L1, const CallInfo *ci, StkId at) {
  StkId base = ci->func.p + 1;
  Instruction i;
  int a;
  if (ci == &L1->base_ci)
    return LUA_MULTRET;
  if (!isLua(ci)) {
    StkId func = base + 1;
    switch (mw_framekind(ci)) {
      case MW_F_XPCALL: func += 2;  /* FALLTHROUGH */
      case MW_F_PCALL:
        if (getcistrecst(ci) != LUA_OK)  /* closes variables? */
          return (at > func + 1) ? 0 : -2;  /* FALLTHROUGH */
      case MW_F_DOFILE: return (at == func) ? LUA_MULTRET : -2;
      case MW_F_PAIRS: return (at == func) ? 3 + (MW_LUA == 55) : -2;
    }
    return -2;
  }
  i = ci->u.l.savedpc[-1];
  a = arga(i);
  switch (opcode(i)) {
    case OP_CALL: return (at == base + a) ? argc(i) - 1 : -2;
    case OP_TAILCALL: return (at == base + a) ? LUA_MULTRET : -2;
    case OP_TFORCALL:
      return (at == base + a + 3 + (MW_LUA == 54)) ? argc(i) : -2;
    case OP_CONCAT:
      return (base + a + 2 <= at && at <= base + a + argb(i)) ? 1 : -2;
    case OP_CLOSE: return (at > base + a) ? 0 : -2;
    case OP_RETURN:
      return (argk(i) && at >= ci->top.p &&
              ci->u2.nres <= at - (base + a)) ? 0 : -2;
    case OP_SETTABUP: case OP_SETTABLE: case OP_SETI: case OP_SETFIELD:
      return (at >= ci->top.p) ? 0 : -2;
    case OP_GETTABUP: case OP_GETTABLE: case OP_GETI: case OP_GETFIELD:
    case OP_SELF: case OP_MMBIN: case OP_MMBINI: case OP_MMBINK:
    case OP_UNM: case OP_BNOT: case OP_LEN: case OP_EQ: case OP_LT:
    case OP_LE: case OP_LTI: case OP_LEI: case OP_GTI: case OP_GEI:
      return (at >= ci->top.p) ? 1 : -2;
    default: return -2;
  }
}


static int hasloop (const Proto *p) {
  int i;
  for (i = 0; i < p->sizecode; i++) {
    if (opcode(p->code[i]) == OP_FORLOOP)
      return 1;
  }
  return 0;
}


/* are the three registers of a numeric loop of one type? */
static int isloop (const TValue *a, const TValue *b, const TValue *c) {
  return (ttisinteger(a) && ttisinteger(b) && ttisinteger(c)) ||
         (ttisfloat(a) && ttisfloat(b) && ttisfloat(c));
}


/*
** Upvalues, variables to be closed and the state of loops may be only where
** the frame may have them. 'above' is where the next one begins.
*/
static void fits (Build *d, const CallInfo *ci, uint32_t above) {
  StkId base = ci->func.p + 1;
  const unsigned char *m = marks.data + mw_indexof(d->L1, base);
  uint32_t r, n = above - mw_indexof(d->L1, base);
  const Proto *p;
  mw_Known known;
  int any = 0, pc;
  for (r = 0; r < n; r++)
    any |= m[r];
  if (!isLua(ci)) {
    check(any == 0 || (ci != &d->L1->base_ci && any == M_TBC &&
                       getcistrecst(ci) != LUA_OK));
    return;
  }
  p = ci_func(ci)->p;
  if (any == 0 && !hasloop(p))
    return;
  pc = pcRel(ci->u.l.savedpc, p);
  if (OP_MMBIN <= opcode(p->code[pc]) && opcode(p->code[pc]) <= OP_MMBINK)
    pc--;  /* a pair is one step */
  check(mw_verify_at(d->L, p, pc, &known));
  for (r = 0; r < n; r++) {
    check((r >= p->maxstacksize)
            ? m[r] == 0
            : (!(m[r] & M_OPEN) || mw_isknown(known.captured, r)) &&
              (!(m[r] & M_TBC) || mw_isknown(known.toclose, r)) &&
              (r + 2 >= n || !mw_isknown(known.loop, r) ||
               isloop(s2v(base + r), s2v(base + r + 1), s2v(base + r + 2))));
  }
}


/* reads what a Lua frame has; 'ci->func' is set */
static void readlua (Build *d, CallInfo *ci) {
  const Proto *p;
  uint32_t hash = mw_read_u32(&d->r);
  uint32_t pc = mw_read_u32(&d->r);
  uint32_t extra = mw_read_u32(&d->r);
  uint32_t nres = mw_read_u32(&d->r);
  check(ttisLclosure(s2v(ci->func.p)));
  p = ci_func(ci)->p;
  if (hash != mw_codehash(p))
    mw_badvalue("the code that it is suspended in is not the same any more");
  check(pc != 0 && pc <= (uint32_t)p->sizecode && nres <= d->n &&
        extra <= d->n && (mw_hasextra(p) || extra == 0));
  ci->u.l.savedpc = p->code + pc;
  ci->u.l.nextraargs = cast_int(extra);
  ci->u2.nres = cast_int(nres);
  ci->top.p = ci->func.p + 1 + p->maxstacksize;
  ci->callstatus = CIST_FRESH;  /* (each is run by 'unroll') */
  extra += (mw_hasextra(p)) ? p->numparams + 1u : 0;
  check(ci->top.p <= d->L1->stack_last.p &&
        ci->func.p - ci->previous->func.p > (ptrdiff_t)extra);
}


/* likewise for a frame of a library function */
static void readC (Build *d, CallInfo *ci, int kind) {
  lua_State *L1 = d->L1;
  StkId func = ci->func.p + 2 + 2 * (kind == MW_F_XPCALL);
  unsigned int recst = mw_read_u8(&d->r);
  ci->callstatus = CIST_C;
  ci->top.p = L1->stack_last.p;
  ci->u.c.k = (kind == MW_F_YIELD) ? NULL
              : mw_continuations[kind == MW_F_XPCALL ? 0 : kind - MW_F_PCALL];
  ci->u.c.ctx = (kind == MW_F_XPCALL) ? 2 : 0;
  if (kind == MW_F_PCALL || kind == MW_F_XPCALL) {
    ci->callstatus |= CIST_YPCALL | CIST_OAH;
    ci->u2.funcidx = cast_int(savestack(L1, func));
    ci->u.c.old_errfunc = L1->errfunc;
    L1->errfunc = (kind == MW_F_PCALL) ? 0 : savestack(L1, func - 2);
    check(recst != LUA_YIELD && recst <= LUA_ERRERR &&
          (kind == MW_F_PCALL || ttisfunction(s2v(func - 2))));
    setcistrecst(ci, cast(lu_byte, recst));
    recst = 0;
  }
  check(recst == 0);
}


/* all frames, from the base up */
static void readframes (Build *d) {
  lua_State *L1 = d->L1;
  int kind = MW_F_LUA;
  while (kind != MW_F_YIELD) {
    CallInfo *ci;
    StkId at;
    uint32_t i;
    int wanted;
    unsigned int how = mw_read_u8(&d->r);
    uint32_t func = mw_read_u32(&d->r);
    kind = (int)(how & ~(unsigned int)MW_F_TAIL);
    check(kind < MW_F_KINDS &&
          func + 2 * (kind == MW_F_XPCALL) < d->n && func < d->n &&
          func > mw_indexof(L1, L1->ci->func.p) &&
          ttisfunction(s2v(mw_slot(L1, func))));
    ci = luaE_extendCI(L1, 0);
    if (ci == NULL)
      luaM_error(d->L);
    ci->func.p = mw_slot(L1, func);
    if (kind == MW_F_LUA)
      readlua(d, ci);
    else
      readC(d, ci, kind);
    at = mw_called(ci);
    wanted = expected(L1, ci->previous, at);
    check(wanted >= LUA_MULTRET);
    fits(d, ci->previous, mw_indexof(L1, at));
    for (i = mw_indexof(L1, at); i <= func; i++)
      check(marks.data[i] == 0);
    setwanted(ci, wanted);
    if (how & MW_F_TAIL)
      ci->callstatus |= CIST_TAIL;
    L1->ci = ci;
  }
  fits(d, L1->ci, d->n);
}


/*
** What a coroutine at rest that is not suspended may look like: one that
** failed has its error object, others nothing that was open
*/
static int isended (const Build *d, unsigned int status) {
  if (status == LUA_OK)
    return d->L1->openupval == NULL && mw_indexof(d->L1, d->L1->tbclist.p) == 0;
  return d->n > 1 &&
         (MW_LUA == 54 || !ttisnil(s2v(mw_slot(d->L1, d->n - 1))));
}


void mw_thread_fill (lua_State *L, lua_State *L1, const mw_Reader *r) {
  Build d;
  unsigned int version, status;
  uint32_t ntbc, room;
  d.L = L;
  d.L1 = L1;
  d.r = *r;
  version = mw_read_u8(&d.r);
  status = mw_read_u8(&d.r);
  d.n = mw_read_u32(&d.r);
  ntbc = mw_read_u32(&d.r);
  check(d.n - 1 < MAXSLOTS && d.n - 1 <= (size_t)(d.r.end - d.r.p) &&
        status <= LUA_ERRERR);
  if (status == LUA_YIELD && version != MW_LUA)
    mw_badvalue("it was suspended under another version of Lua");
  mw_note(d.n);
  marks.n = 0;
  memset(mw_buf_reserve(L, &marks, d.n), 0, d.n);
  room = d.n + UCHAR_MAX + LUA_MINSTACK;
  if (room > MAXSLOTS)
    room = MAXSLOTS;
  if (!luaD_reallocstack(L1, cast_int(room), 0))
    luaM_error(L);
  L1->top.p = mw_slot(L1, d.n);
  readslots(&d);
  readtbcs(&d, ntbc);
  if (status == LUA_YIELD)
    readframes(&d);
  else
    check(isended(&d, status));
  check(d.r.p == d.r.end);
  L1->status = cast(lu_byte, status);
}
