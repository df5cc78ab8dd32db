/*
** verifyflow.c
** The verifier's second pass: follows the control flow, with what is known
** of each register, until nothing changes any more
*/

#include <limits.h>
#include <string.h>

#include "lua.h"

#include "lobject.h"
#include "lopcodes.h"

#include "buffer.h"
#include "mwlimits.h"
#include "verify.h"


/*
** States of one function where control may come from elsewhere than above:
** each its pc with two flags, and its sets
*/
static mw_Buffer states;

#define REACHED		1u
#define CHANGED		2u  /* since it was followed */
#define PC_SHIFT	2

#define check	mw_verify_check
#define target	mw_verify_target


/*
** {==================================================================
** Sets
** ===================================================================
*/

#define ALL	0  /* are all in the set? */
#define NONE	1  /* is none? */
#define ADD	2
#define REMOVE	3

/* applies 'what' to the registers from 'a' up to (not including) 'b' */
static int range (Verifier *v, int s, int a, int b, int what) {
  uint32_t *set = v->set[s];
  int w;
  if (what == ADD)
    v->ever |= 1u << s;
  else if (!(v->ever >> s & 1))
    return what != ALL || a >= b;
  if (a < 0) a = 0;
  for (w = a >> 5; w << 5 < b; w++) {
    uint32_t m = ~(uint32_t)0;
    if (w == a >> 5) m <<= a & 31;
    if (b - (w << 5) < 32) m &= ~(~(uint32_t)0 << (b & 31));
    switch (what) {
      case ALL: if (m & ~set[w]) return 0; break;
      case NONE: if (m & set[w]) return 0; break;
      case ADD: set[w] |= m; break;
      default: set[w] &= ~m; break;
    }
  }
  return 1;
}


/* is 'a' in the set? */
static int has (const Verifier *v, int s, int a) {
  return v->set[s][a >> 5] >> (a & 31) & 1;
}


static void add (Verifier *v, int s, int a) {
  range(v, s, a, a + 1, ADD);
}


/* 'n' registers from 'a' on are read */
static void get (Verifier *v, int a, int n) {
  check(v, range(v, WRITTEN, a, a + n, ALL),
        "register is read before it is written");
}


/* ... are no longer what NEWTABLE or FORPREP left */
static void change (Verifier *v, int a, int n) {
  range(v, TABLE, a, a + n, REMOVE);
  range(v, LOOP, a - 2, a + n, REMOVE);
}


/* ... are written */
static void put (Verifier *v, int a, int n) {
  check(v, range(v, TOCLOSE, a, a + n, NONE),
        "variable to be closed is overwritten");
  change(v, a, n);
  range(v, WRITTEN, a, a + n, ADD);
}


/* does no upvalue stand, or wait, at or above 'a'? */
static int closed (Verifier *v, int a) {
  int n = v->nregs;
  return range(v, CAPTURED, a, n, NONE) && range(v, TOCLOSE, a, n, NONE);
}


/* calls, and the collector, use the registers from 'a' on */
static void cut (Verifier *v, int a) {
  int n = v->nregs;
  check(v, closed(v, a), "open upvalue above the top");
  change(v, a, n - a);
  range(v, WRITTEN, a, n, REMOVE);
}

/* }================================================================== */


/* control may go on at 'pc' with the current state */
static void flow (Verifier *v, int pc) {
  unsigned int n = v->marks[pc] >> M_SHIFT;
  uint32_t *state = v->states + n * v->size;
  uint32_t *old = state + 1;
  int s, w, changed = !(*state & REACHED);
  for (s = 0; s < SETS; s++) {
    for (w = 0; w < v->words; w++, old++) {
      uint32_t set = v->set[s][w];
      if (*state & REACHED)
        set = (s < MUSTS) ? *old & set : *old | set;
      changed |= (*old != set);
      *old = set;
    }
  }
  if (!changed) return;
  *state |= REACHED | CHANGED;
  if (n > v->now) {
    if (n > v->last) v->last = n;
  }
  else {
    if (n < v->first) v->first = n;
    if (n > v->lastback) v->lastback = n;
  }
}


/*
** {==================================================================
** Instructions. Operands are known to be in range, and what comes in pairs
** to stand together: a pair is one step.
** ===================================================================
*/

/*
** 'n' registers from 'a' on are read, or (n < 0) those up to where the open
** results of the instruction before begin
*/
static void arguments (Verifier *v, int pc, int a, int n) {
  get(v, a, (n >= 0) ? n : arga(v->code[pc - 1]) - a);
}


/* a frame is left */
static void leave (Verifier *v, int k) {
  check(v, k || closed(v, 0), "return leaves an open upvalue");
}


static void closure (Verifier *v, int a, const Proto *p) {
  int i;
  put(v, a, 1);
  for (i = 0; i < p->sizeupvalues; i++) {
    const Upvaldesc *u = &p->upvalues[i];
    if (u->instack) {
      get(v, u->idx, 1);
      if (u->kind == 0)  /* may be assigned to? */
        change(v, u->idx, 1);
      add(v, CAPTURED, u->idx);
    }
  }
  v->work -= (v->work > (size_t)i) ? (size_t)i : v->work;
  cut(v, a + 1);
}


/* most instructions: what reads, what writes, and what stands in between */
static void usual (Verifier *v, Instruction i, Instruction next) {
  int d = mw_opcodes[opcode(i)];
  if (usea(d) == U_READ) get(v, arga(i), 1);
  if (useb(d) == U_READ) get(v, argb(i), 1);
  if (usec(d) == U_READ || (usec(d) == U_VALUE && !argk(i)))
    get(v, argc(i), 1);
  if (F_MMBIN <= follower(d) && follower(d) <= F_MMBINK) {
    get(v, arga(next), 1);
    if (follower(d) == F_MMBIN) get(v, argb(next), 1);
  }
  if (usea(d) == U_WRITE) put(v, arga(i), 1);
}


/* follows one step; returns where to go on, or -1 */
static int step (Verifier *v, int pc) {
  Instruction i = v->code[pc];
  int a = arga(i), b = argb(i), c = argc(i);
  switch (opcode(i)) {
    case OP_LFALSESKIP:
      put(v, a, 1);
      flow(v, pc + 2);
      return -1;
    case OP_LOADNIL: put(v, a, b + 1); break;
    case OP_NEWTABLE:
      put(v, a, 1);
      cut(v, a + 1);
      if (!has(v, CAPTURED, a))
        add(v, TABLE, a);
      return pc + 2;
    case OP_SELF:
      get(v, b, 1);
      put(v, a, 2);
      break;
    case OP_CONCAT:
      get(v, a, b);
      cut(v, a);
      put(v, a, 1);
      break;
    case OP_CLOSE:
      check(v, MW_LUA == 54 || b == 0, "CLOSE that is never to be reached");
      range(v, CAPTURED, a, v->nregs, REMOVE);
      range(v, TOCLOSE, a, v->nregs, REMOVE);
      break;
    case OP_TBC:
      get(v, a, 1);
     toclose:
      check(v, range(v, TOCLOSE, a, v->nregs, NONE),
            "variables are to be closed out of order");
      add(v, TOCLOSE, a);
      if (opcode(i) == OP_TBC) break;
      flow(v, pc + 1 + argbx(i));
      return -1;
    case OP_JMP:
      flow(v, pc + 1 + argsj(i));
      return -1;
    case OP_TESTSET:
      get(v, b, 1);
      flow(v, pc + 2);
      put(v, a, 1);
      flow(v, pc + 2 + argsj(v->code[pc + 1]));
      return -1;
    case OP_CALL:
      arguments(v, pc, a, b ? b : -1);
      cut(v, a);
      if (c > 0) put(v, a, c - 1);
      break;
    case OP_TAILCALL:
      arguments(v, pc, a, b ? b : -1);
      cut(v, a);
      check(v, range(v, TOCLOSE, 0, a, NONE),
            "tail call with a variable to be closed");
      leave(v, argk(i));
      return -1;
    case OP_RETURN:
      arguments(v, pc, a, b - 1);
      leave(v, argk(i));
      return -1;
    case OP_RETURN1: get(v, a, 1);  /* FALLTHROUGH */
    case OP_RETURN0:
      leave(v, 0);
      return -1;
    case OP_FORPREP:
      get(v, a, 3);
      put(v, a, 3);
      flow(v, pc + 2 + argbx(i));
      if (range(v, CAPTURED, a, a + 3, NONE))
        add(v, LOOP, a);
      if (MW_LUA == 54) put(v, a + 3, 1);
      break;
    case OP_FORLOOP:
      check(v, has(v, LOOP, a),
            "loop without what FORPREP left");
      flow(v, pc + 1);
      if (MW_LUA == 54) put(v, a + 3, 1);
      flow(v, pc + 1 - argbx(i));
      return -1;
    case OP_TFORPREP:
      get(v, a, 4);
      if (MW_LUA == 54)
        a += 3;
      else {
        a += 2;
        put(v, a, 2);
      }
      goto toclose;
    case OP_TFORCALL: {
      int frame = a + 3 + (MW_LUA == 54);
      get(v, a, 2);
      get(v, (MW_LUA == 54) ? a + 2 : a + 3, 1);  /* control variable */
      cut(v, frame);
      put(v, frame, c);
      if (MW_LUA == 54) put(v, a + 2, 1);
      flow(v, pc + 2 - argbx(v->code[pc + 1]));
      return pc + 2;
    }
    case OP_SETLIST:
      check(v, has(v, TABLE, a), "list without its table");
      b = listb(i);
      arguments(v, pc, a + 1, b ? b : -1);
      return pc + 1 + argk(i);
    case OP_CLOSURE: closure(v, a, v->p->p[argbx(i)]); break;
    case OP_VARARG:
      check(v, MW_LUA == 54 || !argk(i) || has(v, TABLE, b),
            "variable arguments without their table");
      if (c > 0) put(v, a, c - 1);
      else cut(v, a);
      break;
    case OP_VARARGPREP:
      if (MW_LUA == 55) {
        int n = v->p->numparams;
        put(v, n, 1);
        if (!v->hidden) add(v, TABLE, n);
      }
      break;
    default: {
      int next = follower(mw_opcodes[opcode(i)]);
      usual(v, i, v->code[pc + 1]);
      if (next == F_JMP)
        flow(v, pc + 2 + argsj(v->code[pc + 1]));
      return pc + 1 + (next != 0);
    }
  }
  return pc + 1;
}

/* }================================================================== */


/* follows a state up to where the next one begins, or control ends */
static void follow (Verifier *v, uint32_t *state) {
  int s;
  *state &= ~CHANGED;
  v->pc = (int)(*state >> PC_SHIFT);
  for (s = 0; s < SETS; s++)
    memcpy(v->set[s], state + 1 + s * v->words,
           (size_t)v->words * sizeof(uint32_t));
  for (;;) {
    int next = step(v, v->pc);
    check(v, v->work-- > 0, "control flow is too tangled");
    if (next < 0)
      return;
    if (v->marks[next] & M_TARGET) {
      flow(v, next);
      return;
    }
    v->pc = next;
  }
}


/* gives states numbers, in order */
static void number (Verifier *v) {
  const Proto *p = v->p;
  unsigned int n = 0;
  int pc;
  target(v, 0);
  if (v->known != NULL)
    target(v, v->at);  /* so that it has a state */
  v->size = 1 + SETS * (unsigned int)v->words;
  states.n = 0;
  v->states = (uint32_t *)(void *)mw_buf_reserve(v->L, &states,
                (size_t)v->ntargets * v->size * sizeof(uint32_t));
  for (pc = 0; pc < p->sizecode; pc++) {
    if (v->marks[pc] & M_TARGET) {
      v->marks[pc] |= n << M_SHIFT;
      v->states[n++ * v->size] = (uint32_t)pc << PC_SHIFT;
    }
  }
}


/*
** Each round follows, from the first to the last, the states that have
** changed, so that a state is followed once all that comes before it is
** known; only jumps back make another round needed.
*/
void mw_verify_flow (Verifier *v) {
  unsigned int i;
  size_t total;
  v->ever = 0;
  memset(v->set, 0, sizeof(v->set));
  v->words = (v->nregs + 31) >> 5;
  number(v);
  v->work = (size_t)v->p->sizecode;
  for (i = 0; i < (unsigned int)v->p->sizep; i++)
    v->work += (size_t)v->p->p[i]->sizeupvalues;
  v->work = total = v->work * 64 + 4096;
  range(v, WRITTEN, 0, v->p->numparams, ADD);
  v->first = v->lastback = 0;
  flow(v, 0);
  while (v->first != UINT_MAX) {
    i = v->first;
    v->last = v->lastback;
    v->first = UINT_MAX;
    v->lastback = 0;
    for (; i <= v->last; i++) {
      uint32_t *state = v->states + i * v->size;
      v->now = i;
      if (*state & CHANGED)
        follow(v, state);
      else
        v->work -= (v->work > 0);
    }
  }
  v->pc = -1;
  if (v->known != NULL) {
    const uint32_t *state = v->states + (v->marks[v->at] >> M_SHIFT) * v->size;
    size_t size = (size_t)v->words * sizeof(uint32_t);
    v->known->reached = *state & REACHED;
    memcpy(v->known->loop, state + 1 + LOOP * v->words, size);
    memcpy(v->known->captured, state + 1 + CAPTURED * v->words, size);
    memcpy(v->known->toclose, state + 1 + TOCLOSE * v->words, size);
  }
  mw_note((total - v->work) >> 4);
  mw_buf_shrink(&states, 4096);
}
