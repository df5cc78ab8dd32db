/*
** verify.h
** The verifier of bytecode: what its two passes share
*/

#ifndef mw_verify_h
#define mw_verify_h

#include "lobject.h"
#include "lopcodes.h"

/*
** {==================================================================
** Arguments of an instruction. (Upstream's macros assert the opcode's
** format; the verifier sees opcodes that have none.)
** ===================================================================
*/

#define opcode(i)	((int)((i) & MASK1(SIZE_OP, 0)))
#define arga(i)		((int)((i) >> POS_A & MAXARG_A))
#define argk(i)		((int)((i) >> POS_k & 1))
#define argb(i)		((int)((i) >> POS_B & MAXARG_B))
#define argc(i)		((int)((i) >> POS_C & MAXARG_C))
#define argbx(i)	((int)((i) >> POS_Bx))
#define argax(i)	((unsigned int)((i) >> POS_Ax))
#define argsj(i)	((int)((i) >> POS_sJ) - OFFSET_sJ)

#if MW_LUA == 54
#define listb(i)	argb(i)  /* of NEWTABLE and SETLIST */
#define LISTC		(MAXARG_C + 1u)
#else
#define listb(i)	((int)((i) >> POS_vB & MAXARG_vB))
#define LISTC		(MAXARG_vC + 1u)
#endif

/* }================================================================== */


/*
** {==================================================================
** What an opcode does with its arguments, where it does the usual: bits
** 0-1 A, 2-5 B, 6-9 C, 10-12 what has to follow
** ===================================================================
*/

/* kinds of an argument; A is one of the first four, or special (0) */
#define U_READ		1  /* register */
#define U_WRITE		2  /* register */
#define U_UPVAL		3
#define U_VARIABLE	4  /* upvalue that may be assigned to */
#define U_CONST		5  /* any constant */
#define U_NUMBER	6  /* constant */
#define U_INTEGER	7  /* constant */
#define U_NAME		8  /* constant, a short string */
#define U_VALUE		9  /* register, or any constant if 'k' */
#define U_EVENT		10  /* metamethod of a binary operator */

#define F_MMBIN		1
#define F_MMBINI	2
#define F_MMBINK	3
#define F_JMP		4
#define F_EXTRAARG	5
#define F_TFORLOOP	6

#define usea(d)		((d) & 3)
#define useb(d)		((d) >> 2 & 15)
#define usec(d)		((d) >> 6 & 15)
#define follower(d)	((d) >> 10)

extern const unsigned short mw_opcodes[];

/* }================================================================== */


/* marks of an instruction; what is above them is the number of its state */
#define M_TARGET	1u  /* control may come from elsewhere than above */
#define M_INNER		2u  /* has to be entered from above */
#define M_LOOP		4u  /* ends the loop of a FORPREP or TFORPREP */
#define M_SHIFT		3

/*
** A state of the second pass: sets of registers. Where paths meet, what is
** known of a register has to hold on each of them, and what may be has to be
** feared from any.
*/
#define WRITTEN		0  /* has a value */
#define TABLE		1  /* what NEWTABLE or VARARGPREP left there */
#define LOOP		2  /* is the first of the three that FORPREP prepared */
#define MUSTS		3
#define CAPTURED	3  /* an open upvalue may stand there */
#define TOCLOSE		4  /* may wait for being closed */
#define SETS		5

#define MAXWORDS	8  /* of a set */

/* a function under verification */
typedef struct Verifier {
  lua_State *L;
  const char *name;  /* of the chunk */
  int at;  /* instruction that 'known' is about */
  struct mw_Known *known;  /* NULL if nobody asks for it */
  const Proto *p;
  const Instruction *code;
  uint32_t *marks;  /* one for each instruction */
  int pc;  /* instruction under verification, or -1 */
  int nregs;
  int vararg;  /* has it a VARARGPREP? */
  int hidden;  /* are there arguments below the frame? */
  unsigned int ntargets;
  /* the rest is the second pass's */
  int words;  /* of a set, as needed for the function's registers */
  uint32_t *states;
  unsigned int size;  /* of a state, in words */
  unsigned int now;  /* number of the state that is followed */
  unsigned int last;  /* highest one to follow in this round */
  unsigned int first, lastback;  /* lowest and highest one of the next */
  size_t work;  /* what may still be done */
  unsigned int ever;  /* which sets had anything in them so far */
  uint32_t set[SETS][MAXWORDS];  /* the current state */
} Verifier;

/* raises the error that says what is wrong, in which function, and where */
extern l_noret mw_verify_fail (const Verifier *v, const char *why);

#define mw_verify_check(v,ok,why)  \
	((ok) ? (void)0 : mw_verify_fail(v, why))

/* control may come to 'pc' from elsewhere than above */
extern void mw_verify_target (Verifier *v, int pc);

/* follows the control flow to a fixed point, once all operands are right */
extern void mw_verify_flow (Verifier *v);

/*
** Checks a function and all in it. Raises an error (of syntax) if it is
** none that the interpreter could run safely. 'name' is the chunk's.
*/
extern void mw_verify (lua_State *L, const Proto *p, const char *name);

/* what there may be in the registers of a function that is in a call */
typedef struct mw_Known {
  int reached;  /* can control get there at all? */
  uint32_t loop[8];  /* sets: the first of the three of a numeric loop, */
  uint32_t captured[8];  /* open upvalues, */
  uint32_t toclose[8];  /* and variables that wait for being closed */
} mw_Known;

#define mw_isknown(set,r)	((set)[(r) >> 5] >> ((r) & 31) & 1)

/*
** Finds that out for the instruction 'pc' of a function, the first one of a
** pair. Returns 0 if no path leads there.
*/
extern int mw_verify_at (lua_State *L, const Proto *p, int pc, mw_Known *k);

#endif
