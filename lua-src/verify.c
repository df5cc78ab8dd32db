/*
** verify.c
** Verifies what a binary chunk holds, before anything can call it. This is
** the first pass, over each instruction by itself, the constants and the
** debug information; the second is in verifyflow.c. (bytecode/ has the same
** rules in Rust; tests compare both.)
*/

#include <limits.h>
#include <string.h>

#include "lua.h"

#include "ldebug.h"
#include "ldo.h"
#include "lfunc.h"
#include "lobject.h"
#include "lopcodes.h"
#include "lstate.h"
#include "ltm.h"

#include "buffer.h"
#include "verify.h"


/* what makes a line number too large to add the differences to */
#define MAXLINE		(INT_MAX / 2)

/* upstream multiplies an array's length by the size of a value unchecked */
#define MAXLIST		(1u << 27)

/* list items that one instruction can make (LOADNIL does most of them) */
#define MAXITEMS	64u


#define W_	U_WRITE
#define R_	U_READ
#define op(a,b,c,f)	((a) | (b) << 2 | (c) << 6 | (f) << 10)
#define arithK(c)	op(W_, U_READ, c, F_MMBINK)
#define arithI		op(W_, U_READ, 0, F_MMBINI)
#define arith		op(W_, U_READ, U_READ, F_MMBIN)
#define unary		op(W_, U_READ, 0, 0)
#define compare(b)	op(R_, b, 0, F_JMP)
#define special		0  /* has a case in the passes */

/* ORDER OP */
const unsigned short mw_opcodes[NUM_OPCODES] = {
  unary,  /* MOVE */
  op(W_, 0, 0, 0), op(W_, 0, 0, 0),  /* LOADI LOADF */
  op(W_, 0, 0, 0), op(W_, 0, 0, F_EXTRAARG),  /* LOADK LOADKX */
  op(W_, 0, 0, 0), op(W_, 0, 0, 0), op(W_, 0, 0, 0),  /* (booleans) */
  special,  /* LOADNIL */
  op(W_, U_UPVAL, 0, 0), op(R_, U_VARIABLE, 0, 0),  /* GETUPVAL SETUPVAL */
  op(W_, U_UPVAL, U_NAME, 0),  /* GETTABUP */
  op(W_, U_READ, U_READ, 0), unary, op(W_, U_READ, U_NAME, 0),  /* GET... */
  op(U_UPVAL, U_NAME, U_VALUE, 0),  /* SETTABUP */
  op(R_, U_READ, U_VALUE, 0), op(R_, 0, U_VALUE, 0),  /* SETTABLE SETI */
  op(R_, U_NAME, U_VALUE, 0),  /* SETFIELD */
  op(W_, 0, 0, F_EXTRAARG),  /* NEWTABLE */
  op(W_, U_READ, 0, 0),  /* SELF */
  arithI,  /* ADDI */
  arithK(U_NUMBER), arithK(U_NUMBER), arithK(U_NUMBER), arithK(U_NUMBER),
  arithK(U_NUMBER), arithK(U_NUMBER), arithK(U_NUMBER),
  arithK(U_INTEGER), arithK(U_INTEGER), arithK(U_INTEGER),
  arithI, arithI,  /* SHRI SHLI */
  arith, arith, arith, arith, arith, arith, arith,
  arith, arith, arith, arith, arith,
  op(R_, U_READ, U_EVENT, 0), op(R_, 0, U_EVENT, 0),  /* MMBIN MMBINI */
  op(R_, U_NUMBER, U_EVENT, 0),  /* MMBINK */
  unary, unary, unary, unary,
  special, special, op(R_, 0, 0, 0), special,  /* CONCAT CLOSE TBC JMP */
  compare(U_READ), compare(U_READ), compare(U_READ),  /* EQ LT LE */
  compare(U_CONST), compare(0), compare(0), compare(0), compare(0),
  compare(0),  /* EQK EQI LTI LEI GTI GEI */
  compare(0), op(W_, U_READ, 0, F_JMP),  /* TEST TESTSET */
  op(R_, 0, 0, 0), op(R_, 0, 0, 0),  /* CALL TAILCALL */
  special, special, op(R_, 0, 0, 0),  /* RETURN... */
  special, special, special, op(0, 0, 0, F_TFORLOOP), special,  /* FOR... */
  special,  /* SETLIST */
  op(W_, 0, 0, 0),  /* CLOSURE */
  op(R_, 0, 0, 0),  /* VARARG */
#if MW_LUA == 55
  op(W_, U_READ, U_READ, 0),  /* GETVARG */
  op(R_, 0, 0, 0),  /* ERRNNIL */
#endif
  special, special  /* VARARGPREP EXTRAARG */
};

#undef op

static const unsigned char followers[] = {0, OP_MMBIN, OP_MMBINI, OP_MMBINK,
                                   OP_JMP, OP_EXTRAARG, OP_TFORLOOP};


#define check	mw_verify_check

l_noret mw_verify_fail (const Verifier *v, const char *why) {
  lua_State *L = v->L;
  const char *where = "";
  if (v->pc >= 0)
    where = luaO_pushfstring(L, ", instruction %d", v->pc + 1);
  luaO_pushfstring(L, "%s: bad binary format (function at line %d%s: %s)",
                   v->name, v->p->linedefined, where, why);
  luaD_throw(L, LUA_ERRSYNTAX);
}


/*
** {==================================================================
** Operands
** ===================================================================
*/

/* 'n' registers from 'r' on */
static void registers (const Verifier *v, int r, int n) {
  check(v, r + n <= v->nregs, "register out of range");
}


static const TValue *constant (const Verifier *v, unsigned int i) {
  check(v, i < (unsigned int)v->p->sizek, "constant out of range");
  return &v->p->k[i];
}


/* an argument of the given kind */
static void operand (const Verifier *v, int kind, int x, int k) {
  const TValue *o = NULL;
  if (U_CONST <= kind && kind <= U_NAME + k)
    o = constant(v, (unsigned int)x);
  switch (kind) {
    case U_VALUE:
      if (k) break;
      /* FALLTHROUGH */
    case U_READ: case U_WRITE: registers(v, x, 1); break;
    case U_UPVAL: case U_VARIABLE:
      check(v, x < v->p->sizeupvalues, "upvalue out of range");
      check(v, kind == U_UPVAL || v->p->upvalues[x].kind == 0,
            "assignment to a constant");
      break;
    case U_NUMBER: check(v, ttisnumber(o), "constant is no number"); break;
    case U_INTEGER:
      check(v, ttisinteger(o), "constant is no integer");
      break;
    case U_NAME:
      check(v, ttisshrstring(o), "constant is no short string");
      break;
    case U_EVENT:
      check(v, TM_ADD <= x && x <= TM_SHR, "no metamethod of an operator");
      break;
    default: break;
  }
}


#define target	mw_verify_target

void mw_verify_target (Verifier *v, int pc) {
  check(v, 0 <= pc && pc < v->p->sizecode, "jump out of the function");
  if (!(v->marks[pc] & M_TARGET)) {
    v->marks[pc] |= M_TARGET;
    v->ntargets++;
  }
}


/* a loop's 'i' goes on with 'o' at 'pc' */
static void loop (const Verifier *v, int pc, int o, Instruction i) {
  check(v, pc < v->p->sizecode && opcode(v->p->code[pc]) == o &&
           arga(v->p->code[pc]) == arga(i), "loop without its end");
}


/* sizes of constructors: so many items take so many instructions */
static void items (const Verifier *v, unsigned int extra) {
  check(v, extra <= (unsigned int)v->p->sizecode / (LISTC / MAXITEMS) &&
           extra < MAXLIST / LISTC, "more list items than instructions");
}


/* a method's long name was loaded by the instruction before (5.4 only) */
static void method (Verifier *v, Instruction i) {
#if MW_LUA == 54
  int k = argc(i), ok = 1;
  if (!argk(i)) {
    Instruction last = (v->pc > 0) ? v->p->code[v->pc - 1] : 0;
    Instruction load = last;
    k = argbx(last);
    if (opcode(last) == OP_EXTRAARG) {
      load = v->p->code[v->pc - 2];
      k = (int)argax(last);
    }
    ok = (opcode(load) == OP_LOADK || opcode(load) == OP_LOADKX) &&
         arga(load) == argc(i);
    v->marks[v->pc] |= M_INNER;
  }
  registers(v, arga(i), 2);
  check(v, ok && ttisstring(constant(v, (unsigned int)k)),
        "method's name is no string");
#else
  registers(v, arga(i), 2);
  operand(v, U_NAME, argc(i), 0);
#endif
}


/* RETURN... and TAILCALL: 'func' has to be put back below the arguments */
static void leave (const Verifier *v, int c) {
  check(v, c == (v->hidden ? v->p->numparams + 1 : 0),
        "return does not fit the parameters");
}


static void instruction (Verifier *v, Instruction i) {
  const Proto *p = v->p;
  const Instruction *code = p->code;
  int pc = v->pc;
  int a = arga(i), b = argb(i), c = argc(i);
  switch (opcode(i)) {
    case OP_LOADNIL: registers(v, a, b + 1); break;
    case OP_LOADK: constant(v, (unsigned int)argbx(i)); break;
    case OP_LOADKX: constant(v, argax(code[pc + 1])); break;
    case OP_LFALSESKIP: target(v, pc + 2); break;
    case OP_NEWTABLE: {
      unsigned int h = (unsigned int)listb(i);
      unsigned int extra = argax(code[pc + 1]);
      check(v, argk(i) == (extra != 0), "extra argument does not fit");
      items(v, extra);
      check(v, h <= 31 && (1u << h) >> 2 < (unsigned int)p->sizecode,
            "more fields than instructions");
      break;
    }
    case OP_SELF: method(v, i); break;
    case OP_CONCAT:
      check(v, b >= 2, "nothing to concatenate");
      registers(v, a, b);
      break;
    case OP_CLOSE: registers(v, a, 0); break;
    case OP_JMP: target(v, pc + 1 + argsj(i)); break;
    case OP_TESTSET: target(v, pc + 2); break;
    case OP_CALL:
      registers(v, a, b);
      registers(v, a, c - 1);
      break;
    case OP_TAILCALL: b++;  /* FALLTHROUGH */
    case OP_RETURN:
      registers(v, a, b - 1);
      leave(v, c);
      break;
    case OP_RETURN0: registers(v, a, 0);  /* FALLTHROUGH */
    case OP_RETURN1: leave(v, 0); break;
    case OP_FORPREP: {
      int end = pc + 1 + argbx(i);
      registers(v, a, 3 + (MW_LUA == 54));
      loop(v, end, OP_FORLOOP, i);
      check(v, argbx(code[end]) == end - pc, "loop without its end");
      v->marks[end] |= M_LOOP;
      target(v, pc + 1);
      target(v, end + 1);
      break;
    }
    case OP_TFORPREP: {
      int call = pc + 1 + argbx(i);
      registers(v, a, 4);
      loop(v, call, OP_TFORCALL, i);
      loop(v, call + 1, OP_TFORLOOP, i);
      check(v, argbx(code[call + 1]) == call + 1 - pc,
            "loop without its end");
      v->marks[call] |= M_LOOP;
      target(v, pc + 1);
      target(v, call);
      break;
    }
    case OP_TFORCALL: {
      int frame = a + 3 + (MW_LUA == 54);
      registers(v, frame, (c > 3) ? c : 3);
      check(v, c > 0, "loop without a variable");
    }  /* FALLTHROUGH */
    case OP_FORLOOP:
      check(v, v->marks[pc] & M_LOOP, "loop without its start");
      break;
    case OP_SETLIST: {
      unsigned int extra = 0;
      if (argk(i)) {
        check(v, pc + 1 < p->sizecode &&
                 opcode(code[pc + 1]) == OP_EXTRAARG,
              "instruction without the one that has to follow");
        v->marks[pc + 1] |= M_INNER;
        extra = argax(code[pc + 1]);
      }
      registers(v, a, listb(i) + 1);
      items(v, extra);
      break;
    }
    case OP_CLOSURE:
      check(v, argbx(i) < p->sizep, "function out of range");
      break;
    case OP_VARARG:
      registers(v, a, c - 1);
#if MW_LUA == 54
      check(v, v->hidden, "no variable arguments");
#else
      check(v, argk(i) ? v->vararg && !v->hidden && b == p->numparams
                       : v->hidden, "no variable arguments");
      break;
    case OP_GETVARG:
      check(v, v->hidden && b == p->numparams, "no variable arguments");
      break;
    case OP_ERRNNIL:
      check(v, argbx(i) <= p->sizek, "constant out of range");
#endif
      break;
    case OP_VARARGPREP:
      check(v, pc == 0 && v->vararg && b == 0 &&
               (MW_LUA == 55 || a == p->numparams),
            "misplaced VARARGPREP");
      break;
    default: break;
  }
}


/*
** What an instruction that uses all values up to the top does with register
** 'first', from which on the instruction before left them. Returns the least
** that 'first' has to be, or -1 if it is no such instruction.
*/
static int opened (Instruction i) {
  switch (opcode(i)) {
    case OP_CALL: case OP_TAILCALL: return (argb(i) == 0) ? arga(i) + 1 : -1;
    case OP_SETLIST: return (listb(i) == 0) ? arga(i) + 1 : -1;
    case OP_RETURN: return (argb(i) == 0) ? arga(i) : -1;
    default: return -1;
  }
}


static void instructions (Verifier *v) {
  const Proto *p = v->p;
  int first = -1;  /* where values up to the top begin */
  int last;
  for (v->pc = 0; v->pc < p->sizecode; v->pc++) {
    Instruction i = p->code[v->pc];
    int o = opcode(i);
    int d, follows, least;
    check(v, o < NUM_OPCODES, "invalid opcode");
    d = mw_opcodes[o];
    follows = followers[follower(d)];
    if (follows != 0) {
      check(v, v->pc + 1 < p->sizecode &&
               opcode(p->code[v->pc + 1]) == follows,
            "instruction without the one that has to follow");
      v->marks[v->pc + 1] |= M_INNER;
    }
    check(v, (v->marks[v->pc] & M_INNER) ||
             !((OP_MMBIN <= o && o <= OP_MMBINK) || o == OP_EXTRAARG ||
               o == OP_TFORLOOP),
          "instruction without the one before it");
    operand(v, usea(d), arga(i), 0);
    operand(v, useb(d), argb(i), 0);
    operand(v, usec(d), argc(i), argk(i));
    instruction(v, i);
    least = opened(i);
    check(v, (first < 0) == (least < 0) && least <= first,
          "open results and their use do not fit");
    if (least >= 0)
      v->marks[v->pc] |= M_INNER;
    first = (o == OP_TAILCALL || ((o == OP_CALL || o == OP_VARARG) &&
                                  argc(i) == 0)) ? arga(i) : -1;
  }
  last = opcode(p->code[--v->pc]);
  check(v, OP_RETURN <= last && last <= OP_RETURN1,
        "control falls off the end");
  for (; v->pc >= 0; v->pc--)
    check(v, (~v->marks[v->pc] & (M_TARGET | M_INNER)) != 0,
          "jump between instructions that belong together");
  check(v, !(v->marks[0] & M_TARGET) || !v->vararg, "jump to VARARGPREP");
}

/* }================================================================== */


/*
** {==================================================================
** The function's head, and its debug information
** ===================================================================
*/

static void head (Verifier *v, const Proto *up) {
  const Proto *p = v->p;
  int i;
#if MW_LUA == 54
  v->vararg = v->hidden = p->is_vararg;
  check(v, p->is_vararg <= 1, "invalid flags");
#else
  v->vararg = (p->flag & (PF_VAHID | PF_VATAB)) != 0;
  v->hidden = p->flag & PF_VAHID;
  check(v, (p->flag & ~PF_FIXED) <= PF_VATAB, "invalid flags");
#endif
  check(v, v->nregs >= 2 &&
           p->numparams + (MW_LUA == 55 && v->vararg) <= v->nregs,
        "too few registers");
  check(v, p->sizeupvalues <= MAXUPVAL, "too many upvalues");
  for (i = 0; i < p->sizeupvalues; i++) {
    const Upvaldesc *u = &p->upvalues[i];
    check(v, u->instack <= 1 &&
             (up == NULL || (u->instack ? u->idx < up->maxstacksize
                : u->idx < up->sizeupvalues &&
                  u->kind == up->upvalues[u->idx].kind)),
          "bad upvalue");
  }
  check(v, p->sizecode > 0 &&
           v->vararg == (opcode(p->code[0]) == OP_VARARGPREP),
        "does not begin as its flags say");
}


static void lines (const Verifier *v) {
  const Proto *p = v->p;
  int i, n = 0;
  check(v, p->linedefined <= MAXLINE && p->lastlinedefined <= MAXLINE,
        "line number too large");
  check(v, p->sizelineinfo == 0 || p->sizelineinfo == p->sizecode,
        "wrong number of lines");
  for (i = 0; i < p->sizelineinfo; i++) {
    if (p->lineinfo[i] == ABSLINEINFO) {
      const AbsLineInfo *a = p->abslineinfo;
      check(v, n < p->sizeabslineinfo && a[n].pc == i &&
               0 <= a[n].line && a[n].line <= MAXLINE,
            "bad line information");
      n++;
    }
    /* the interpreter takes it for granted that it finds so many */
    check(v, i / MAXIWTHABS <= n, "bad line information");
  }
  check(v, n == p->sizeabslineinfo, "bad line information");
}


/* ranges are nested, as registers are: there are never more than those */
static void locals (const Verifier *v) {
  const Proto *p = v->p;
  int ends[UCHAR_MAX];
  int i, n = 0, start = 0;
  for (i = 0; i < p->sizelocvars; i++) {
    const LocVar *var = &p->locvars[i];
    check(v, var->varname != NULL && start <= var->startpc &&
             var->startpc <= var->endpc && var->endpc <= p->sizecode,
          "bad local variable");
    start = var->startpc;
    while (n > 0 && ends[n - 1] <= start)
      n--;
    check(v, n < v->nregs && (n == 0 || var->endpc <= ends[n - 1]),
          "bad local variable");
    ends[n++] = var->endpc;
  }
}

/* }================================================================== */


static mw_Buffer marks;


/* a function without those in it */
static void alone (Verifier *v, const Proto *p, const Proto *up) {
  size_t size = (size_t)p->sizecode * sizeof(uint32_t);
  v->p = p;
  v->code = p->code;
  v->pc = -1;
  v->nregs = p->maxstacksize;
  v->ntargets = 0;
  head(v, up);
  lines(v);
  locals(v);
  marks.n = 0;
  v->marks = (uint32_t *)(void *)mw_buf_reserve(v->L, &marks, size);
  memset(v->marks, 0, size);
  instructions(v);
  mw_verify_flow(v);
}


/* functions nest at most LUAI_MAXCCALLS deep */
static void function (Verifier *v, const Proto *p, const Proto *up) {
  int i;
  alone(v, p, up);
  for (i = 0; i < p->sizep; i++)
    function(v, p->p[i], p);
}


void mw_verify (lua_State *L, const Proto *p, const char *name) {
  Verifier v;
  v.L = L;
  v.name = name;
  v.known = NULL;
  function(&v, p, NULL);
  mw_buf_shrink(&marks, 4096);
}


int mw_verify_at (lua_State *L, const Proto *p, int pc, mw_Known *k) {
  Verifier v;
  v.L = L;
  v.name = "coroutine";
  v.at = pc;
  v.known = k;
  memset(k, 0, sizeof(*k));
  alone(&v, p, NULL);
  mw_buf_shrink(&marks, 4096);
  return k->reached;
}
