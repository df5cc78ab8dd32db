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
** A state: sets of registers. Where paths meet, what is known of a register
** has to hold on each of them, and what may be has to be feared from any.
*/
#define WRITTEN		0  /* has a value */
#define TABLE		1  /* what NEWTABLE or VARARGPREP left there */
#define LOOP		2  /* is the first of the three that FORPREP prepared */
#define MUSTS		3
#define CAPTURED	3  /* an open upvalue may stand there */
#define TOCLOSE		4  /* may wait for being closed */
#define SETS		5

#define MAXWORDS	8  /* of a set */

/*
** States of one function where control may come from elsewhere than above:
** each its pc with two flags, and its sets
*/
static mw_Buffer states;

#define REACHED		1u
#define CHANGED		2u  /* since it was followed */
#define PC_SHIFT	2

typedef struct Flow {
  Verifier *v;
  const Instruction *code;
  int words;  /* of a set, as needed for the function's registers */
  uint32_t *states;
  unsigned int size;  /* of a state, in words */
  unsigned int now;  /* number of the state that is followed */
  unsigned int last;  /* highest one to follow in this round */
  unsigned int first, lastback;  /* lowest and highest one of the next */
  size_t work;  /* what may still be done */
  unsigned int ever;  /* which sets had anything in them so far */
  uint32_t set[SETS][MAXWORDS];  /* the current state */
} Flow;


static void check (Flow *f, int ok, const char *why) {
  if (!ok) mw_verify_fail(f->v, why);
}


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
static int range (Flow *f, int s, int a, int b, int what) {
  uint32_t *set = f->set[s];
  int w;
  if (what == ADD)
    f->ever |= 1u << s;
  else if (!(f->ever >> s & 1))
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
static int has (const Flow *f, int s, int a) {
  return f->set[s][a >> 5] >> (a & 31) & 1;
}


static void add (Flow *f, int s, int a) {
  range(f, s, a, a + 1, ADD);
}


/* 'n' registers from 'a' on are read */
static void get (Flow *f, int a, int n) {
  check(f, range(f, WRITTEN, a, a + n, ALL),
        "register is read before it is written");
}


/* ... are no longer what NEWTABLE or FORPREP left */
static void change (Flow *f, int a, int n) {
  range(f, TABLE, a, a + n, REMOVE);
  range(f, LOOP, a - 2, a + n, REMOVE);
}


/* ... are written */
static void put (Flow *f, int a, int n) {
  check(f, range(f, TOCLOSE, a, a + n, NONE),
        "variable to be closed is overwritten");
  change(f, a, n);
  range(f, WRITTEN, a, a + n, ADD);
}


/* does no upvalue stand, or wait, at or above 'a'? */
static int closed (Flow *f, int a) {
  int n = f->v->nregs;
  return range(f, CAPTURED, a, n, NONE) && range(f, TOCLOSE, a, n, NONE);
}


/* calls, and the collector, use the registers from 'a' on */
static void cut (Flow *f, int a) {
  int n = f->v->nregs;
  check(f, closed(f, a), "open upvalue above the top");
  change(f, a, n - a);
  range(f, WRITTEN, a, n, REMOVE);
}

/* }================================================================== */


/* control may go on at 'pc' with the current state */
static void flow (Flow *f, int pc) {
  unsigned int n = f->v->marks[pc] >> M_SHIFT;
  uint32_t *state = f->states + n * f->size;
  uint32_t *old = state + 1;
  int s, w, changed = !(*state & REACHED);
  for (s = 0; s < SETS; s++) {
    for (w = 0; w < f->words; w++, old++) {
      uint32_t set = f->set[s][w];
      if (*state & REACHED)
        set = (s < MUSTS) ? *old & set : *old | set;
      changed |= (*old != set);
      *old = set;
    }
  }
  if (!changed) return;
  *state |= REACHED | CHANGED;
  if (n > f->now) {
    if (n > f->last) f->last = n;
  }
  else {
    if (n < f->first) f->first = n;
    if (n > f->lastback) f->lastback = n;
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
static void arguments (Flow *f, int pc, int a, int n) {
  get(f, a, (n >= 0) ? n : arga(f->code[pc - 1]) - a);
}


/* a frame is left */
static void leave (Flow *f, int k) {
  check(f, k || closed(f, 0), "return leaves an open upvalue");
}


static void closure (Flow *f, int a, const Proto *p) {
  int i;
  put(f, a, 1);
  for (i = 0; i < p->sizeupvalues; i++) {
    const Upvaldesc *u = &p->upvalues[i];
    if (u->instack) {
      get(f, u->idx, 1);
      if (u->kind == 0)  /* may be assigned to? */
        change(f, u->idx, 1);
      add(f, CAPTURED, u->idx);
    }
  }
  f->work -= (f->work > (size_t)i) ? (size_t)i : f->work;
  cut(f, a + 1);
}


/* most instructions: what reads, what writes, and what stands in between */
static void usual (Flow *f, Instruction i, Instruction next) {
  int d = mw_opcodes[opcode(i)];
  if (usea(d) == U_READ) get(f, arga(i), 1);
  if (useb(d) == U_READ) get(f, argb(i), 1);
  if (usec(d) == U_READ || (usec(d) == U_VALUE && !argk(i)))
    get(f, argc(i), 1);
  if (F_MMBIN <= follower(d) && follower(d) <= F_MMBINK) {
    get(f, arga(next), 1);
    if (follower(d) == F_MMBIN) get(f, argb(next), 1);
  }
  if (usea(d) == U_WRITE) put(f, arga(i), 1);
}


/* follows one step; returns where to go on, or -1 */
static int step (Flow *f, int pc) {
  const Verifier *v = f->v;
  Instruction i = f->code[pc];
  int a = arga(i), b = argb(i), c = argc(i);
  switch (opcode(i)) {
    case OP_LFALSESKIP:
      put(f, a, 1);
      flow(f, pc + 2);
      return -1;
    case OP_LOADNIL: put(f, a, b + 1); break;
    case OP_NEWTABLE:
      put(f, a, 1);
      cut(f, a + 1);
      if (!has(f, CAPTURED, a))
        add(f, TABLE, a);
      return pc + 2;
    case OP_SELF:
      get(f, b, 1);
      put(f, a, 2);
      break;
    case OP_CONCAT:
      get(f, a, b);
      cut(f, a);
      put(f, a, 1);
      break;
    case OP_CLOSE:
      check(f, MW_LUA == 54 || b == 0, "CLOSE that is never to be reached");
      range(f, CAPTURED, a, v->nregs, REMOVE);
      range(f, TOCLOSE, a, v->nregs, REMOVE);
      break;
    case OP_TBC:
      get(f, a, 1);
     toclose:
      check(f, range(f, TOCLOSE, a, v->nregs, NONE),
            "variables are to be closed out of order");
      add(f, TOCLOSE, a);
      if (opcode(i) == OP_TBC) break;
      flow(f, pc + 1 + argbx(i));
      return -1;
    case OP_JMP:
      flow(f, pc + 1 + argsj(i));
      return -1;
    case OP_TESTSET:
      get(f, b, 1);
      flow(f, pc + 2);
      put(f, a, 1);
      flow(f, pc + 2 + argsj(f->code[pc + 1]));
      return -1;
    case OP_CALL:
      arguments(f, pc, a, b ? b : -1);
      cut(f, a);
      if (c > 0) put(f, a, c - 1);
      break;
    case OP_TAILCALL:
      arguments(f, pc, a, b ? b : -1);
      cut(f, a);
      check(f, range(f, TOCLOSE, 0, a, NONE),
            "tail call with a variable to be closed");
      leave(f, argk(i));
      return -1;
    case OP_RETURN:
      arguments(f, pc, a, b - 1);
      leave(f, argk(i));
      return -1;
    case OP_RETURN1: get(f, a, 1);  /* FALLTHROUGH */
    case OP_RETURN0:
      leave(f, 0);
      return -1;
    case OP_FORPREP:
      get(f, a, 3);
      put(f, a, 3);
      flow(f, pc + 2 + argbx(i));
      if (range(f, CAPTURED, a, a + 3, NONE))
        add(f, LOOP, a);
      if (MW_LUA == 54) put(f, a + 3, 1);
      break;
    case OP_FORLOOP:
      check(f, has(f, LOOP, a),
            "loop without what FORPREP left");
      flow(f, pc + 1);
      if (MW_LUA == 54) put(f, a + 3, 1);
      flow(f, pc + 1 - argbx(i));
      return -1;
    case OP_TFORPREP:
      get(f, a, 4);
      if (MW_LUA == 54)
        a += 3;
      else {
        a += 2;
        put(f, a, 2);
      }
      goto toclose;
    case OP_TFORCALL: {
      int frame = a + 3 + (MW_LUA == 54);
      get(f, a, 2);
      get(f, (MW_LUA == 54) ? a + 2 : a + 3, 1);  /* control variable */
      cut(f, frame);
      put(f, frame, c);
      if (MW_LUA == 54) put(f, a + 2, 1);
      flow(f, pc + 2 - argbx(f->code[pc + 1]));
      return pc + 2;
    }
    case OP_SETLIST:
      check(f, has(f, TABLE, a), "list without its table");
      b = listb(i);
      arguments(f, pc, a + 1, b ? b : -1);
      return pc + 1 + argk(i);
    case OP_CLOSURE: closure(f, a, v->p->p[argbx(i)]); break;
    case OP_VARARG:
      check(f, MW_LUA == 54 || !argk(i) || has(f, TABLE, b),
            "variable arguments without their table");
      if (c > 0) put(f, a, c - 1);
      else cut(f, a);
      break;
    case OP_VARARGPREP:
      if (MW_LUA == 55) {
        int n = v->p->numparams;
        put(f, n, 1);
        if (!v->hidden) add(f, TABLE, n);
      }
      break;
    default: {
      int next = follower(mw_opcodes[opcode(i)]);
      usual(f, i, f->code[pc + 1]);
      if (next == F_JMP)
        flow(f, pc + 2 + argsj(f->code[pc + 1]));
      return pc + 1 + (next != 0);
    }
  }
  return pc + 1;
}

/* }================================================================== */


/* follows a state up to where the next one begins, or control ends */
static void follow (Flow *f, uint32_t *state) {
  Verifier *v = f->v;
  int s;
  *state &= ~CHANGED;
  v->pc = (int)(*state >> PC_SHIFT);
  for (s = 0; s < SETS; s++)
    memcpy(f->set[s], state + 1 + s * f->words,
           (size_t)f->words * sizeof(uint32_t));
  for (;;) {
    int next = step(f, v->pc);
    check(f, f->work-- > 0, "control flow is too tangled");
    if (next < 0)
      return;
    if (v->marks[next] & M_TARGET) {
      flow(f, next);
      return;
    }
    v->pc = next;
  }
}


static void target (Verifier *v, int pc) {
  v->ntargets += !(v->marks[pc] & M_TARGET);
  v->marks[pc] |= M_TARGET;
}


/* gives states numbers, in order */
static void number (Flow *f) {
  Verifier *v = f->v;
  const Proto *p = v->p;
  unsigned int n = 0;
  int pc;
  target(v, 0);
  if (v->known != NULL)
    target(v, v->at);  /* so that it has a state */
  f->size = 1 + SETS * (unsigned int)f->words;
  states.n = 0;
  f->states = (uint32_t *)(void *)mw_buf_reserve(v->L, &states,
                (size_t)v->ntargets * f->size * sizeof(uint32_t));
  for (pc = 0; pc < p->sizecode; pc++) {
    if (v->marks[pc] & M_TARGET) {
      v->marks[pc] |= n << M_SHIFT;
      f->states[n++ * f->size] = (uint32_t)pc << PC_SHIFT;
    }
  }
}


/*
** Each round follows, from the first to the last, the states that have
** changed, so that a state is followed once all that comes before it is
** known; only jumps back make another round needed.
*/
void mw_verify_flow (Verifier *v) {
  Flow f;
  unsigned int i;
  size_t total;
  memset(&f, 0, sizeof(f));
  f.v = v;
  f.code = v->p->code;
  f.words = (v->nregs + 31) >> 5;
  number(&f);
  f.work = (size_t)v->p->sizecode;
  for (i = 0; i < (unsigned int)v->p->sizep; i++)
    f.work += (size_t)v->p->p[i]->sizeupvalues;
  f.work = total = f.work * 64 + 4096;
  range(&f, WRITTEN, 0, v->p->numparams, ADD);
  f.first = f.lastback = 0;
  flow(&f, 0);
  while (f.first != UINT_MAX) {
    i = f.first;
    f.last = f.lastback;
    f.first = UINT_MAX;
    f.lastback = 0;
    for (; i <= f.last; i++) {
      uint32_t *state = f.states + i * f.size;
      f.now = i;
      if (*state & CHANGED)
        follow(&f, state);
      else
        f.work -= (f.work > 0);
    }
  }
  v->pc = -1;
  if (v->known != NULL) {
    const uint32_t *state = f.states + (v->marks[v->at] >> M_SHIFT) * f.size;
    size_t size = (size_t)f.words * sizeof(uint32_t);
    v->known->reached = *state & REACHED;
    memcpy(v->known->loop, state + 1 + LOOP * f.words, size);
    memcpy(v->known->captured, state + 1 + CAPTURED * f.words, size);
    memcpy(v->known->toclose, state + 1 + TOCLOSE * f.words, size);
  }
  mw_note((total - f.work) >> 4);
  mw_buf_shrink(&states, 4096);
}
