/*
** thread.h
** Records of coroutines: what writing and reading them share
*/

#ifndef mw_thread_h
#define mw_thread_h

#include "stored.h"

/* kinds of frames; those of library functions ORDER 'mw_continuations' */
enum { MW_F_LUA, MW_F_YIELD, MW_F_PCALL, MW_F_PAIRS, MW_F_DOFILE, MW_F_XPCALL,
       MW_F_KINDS };

#define MW_F_TAIL	0x80  /* flag: was called by a tail call */

/* of the list of variables that wait for being closed */
#define MW_MAXDELTA	USHRT_MAX

/* a slot of the thread 'T', and its index */
#define mw_slot(T,i)	((T)->stack.p + (i))
#define mw_indexof(T,o)	((uint32_t)((o) - (T)->stack.p))

/* are there arguments below the frame? */
#if MW_LUA == 54
#define mw_hasextra(p)	((p)->is_vararg)
#else
#define mw_hasextra(p)	((p)->flag & PF_VAHID)
#endif

/* kind of a frame that can be rebuilt (if it is not the last one), or -1 */
extern int mw_framekind (const CallInfo *ci);

/* where the function of a frame was called, and where its results go */
extern StkId mw_called (const CallInfo *ci);

/* positions are those of one compiler's code */
extern uint32_t mw_codehash (const Proto *p);

#endif
