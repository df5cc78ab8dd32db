/*
** mutate.h
** Changes to functions and to the bytes of their chunks
*/

#ifndef mutate_h
#define mutate_h

#include <stdint.h>
#include <string.h>

#include "lobject.h"
#include "lopcodes.h"

#include "generate.h"


typedef struct Bytes {
  char *s;
  size_t n;
} Bytes;

static uint64_t seed;

#define below(n)	gen_below(&seed, (unsigned int)(n))


static Proto *anyproto (Proto *p) {
  while (p->sizep > 0 && below(3) > 0)
    p = p->p[below(p->sizep)];
  return p;
}


static int nearby (int old, int most) {
  switch (below(4)) {
    case 0: return (int)below(most + 1);
    case 1: return (old + 1) & most;
    case 2: return (old - 1) & most;
    default: return (int)below(8) & most;
  }
}


static void mutateinstruction (Proto *p) {
  Instruction *i = &p->code[below(p->sizecode)];
  switch (below(7)) {
    case 0: SET_OPCODE(*i, below(NUM_OPCODES + (below(20) == 0))); break;
    case 1: setarg(*i, nearby(getarg(*i, POS_A, SIZE_A), 255), POS_A, SIZE_A);
      break;
    case 2: setarg(*i, nearby(getarg(*i, POS_B, SIZE_B), 255), POS_B, SIZE_B);
      break;
    case 3: setarg(*i, nearby(getarg(*i, POS_C, SIZE_C), 255), POS_C, SIZE_C);
      break;
    case 4: *i ^= 1u << POS_k; break;
    case 5: {  /* jumps */
      int d = (int)below(7) - 3;
      if (GET_OPCODE(*i) == OP_JMP)
        setarg(*i, getarg(*i, POS_sJ, SIZE_sJ) + d, POS_sJ, SIZE_sJ);
      else
        setarg(*i, getarg(*i, POS_Bx, SIZE_Bx) + d, POS_Bx, SIZE_Bx);
      break;
    }
    default: *i ^= 1u << below(32); break;
  }
}


static void mutateproto (Proto *root) {
  Proto *p = anyproto(root);
  Proto *q = anyproto(root);
  int i, j, n;
  switch (below(16)) {
    default: mutateinstruction(p); break;
    case 8:  /* splice */
      n = 1 + (int)below(6);
      i = (int)below(p->sizecode);
      j = (int)below(q->sizecode);
      for (; n > 0 && i < p->sizecode && j < q->sizecode; n--)
        p->code[i++] = q->code[j++];
      break;
    case 9:  /* exchange */
      i = (int)below(p->sizecode);
      j = (int)below(p->sizecode);
      { Instruction t = p->code[i]; p->code[i] = p->code[j]; p->code[j] = t; }
      break;
    case 10:
      if (p->sizek > 0) {
        TValue *k = &p->k[below(p->sizek)];
        switch (below(4)) {
          case 0: setivalue(k, (lua_Integer)below(100)); break;
          case 1: setfltvalue(k, 0.5); break;
          case 2: setnilvalue(k); break;
          default: {
            TValue *o = &p->k[below(p->sizek)], t = *k;
            *k = *o;
            *o = t;
            break;
          }
        }
      }
      break;
    case 11:
      if (p->sizeupvalues > 0) {
        Upvaldesc *u = &p->upvalues[below(p->sizeupvalues)];
        switch (below(3)) {
          case 0: u->instack ^= 1; break;
          case 1: u->idx = (lu_byte)nearby(u->idx, 255); break;
          default: u->kind = (lu_byte)below(6); break;
        }
      }
      break;
    case 12:
      if (below(2)) p->maxstacksize = (lu_byte)nearby(p->maxstacksize, 255);
      else p->numparams = (lu_byte)nearby(p->numparams, 255);
      break;
    case 13:
#if MW_LUA == 54
      p->is_vararg ^= 1;
#else
      p->flag ^= (lu_byte)(1 << below(2));
#endif
      break;
    case 14:
      if (p->sizelineinfo > 0 && below(2))
        p->lineinfo[below(p->sizelineinfo)] = (ls_byte)(below(256) - 128);
      else if (p->sizeabslineinfo > 0) {
        AbsLineInfo *a = &p->abslineinfo[below(p->sizeabslineinfo)];
        if (below(2)) a->pc = nearby(a->pc, 1023);
        else a->line = (int)below(0x7fffffff);
      }
      break;
    case 15:
      if (p->sizelocvars > 0) {
        LocVar *v = &p->locvars[below(p->sizelocvars)];
        if (below(2)) v->startpc = nearby(v->startpc, 255);
        else v->endpc = nearby(v->endpc, 255);
      }
      break;
  }
}


static void mutatebytes (Bytes *b) {
  switch (below(6)) {
    case 0: case 1: b->s[below(b->n)] ^= (char)(1 << below(8)); break;
    case 2: b->s[below(b->n)] = (char)below(256); break;
    case 3: b->n = 1 + below(b->n); break;
    case 4: {  /* take something out */
      size_t at, n = 1 + below(8);
      if (b->n < 2) break;
      at = 1 + below(b->n - 1);
      if (at + n > b->n) n = b->n - at;
      memmove(b->s + at, b->s + at + n, b->n - at - n);
      b->n -= n;
      break;
    }
    default: {  /* copy something elsewhere */
      size_t from = below(b->n), to = below(b->n), n = 1 + below(16);
      if (from + n > b->n) n = b->n - from;
      if (to + n > b->n) n = b->n - to;
      memmove(b->s + to, b->s + from, n);
      break;
    }
  }
}

#endif
