/*
** mwlimits.h
** The instruction limit: one counter, charged by the interpreter for calls
** and backward jumps (where it also makes the interpreter loop re-enter),
** and by the libraries for the steps of their loops.
** (Not "limits.h": on the include path that would hide the C library's.)
*/

#ifndef mwlimits_h
#define mwlimits_h

#include <stddef.h>
#include <stdint.h>

struct lua_State;


/*
** What may still be charged before 'mw_expired' must run. Never negative
** outside the macros below.
*/
extern int mw_countdown;


/*
** In profile 'size' the charges below, but for the interpreter loop's, are
** functions (outline.c): each stands in many places.
*/
#if defined(MW_SMALL)
extern void (mw_charge) (struct lua_State *L);
extern void (mw_chargen) (struct lua_State *L, uint64_t n);
extern void (mw_note) (uint64_t n);
#endif

#if !defined(MW_SMALL) || defined(lvm_c)

/*
** Charges one step; raises the limit's error when none is left. For places
** that may raise a memory error, too. Cheap enough for any loop.
*/
#define mw_charge(L)	mw_chargecall(L)

/* Charges 'n' steps (a count of any size) and raises like 'mw_charge'. */
#define mw_chargen(L,n)  \
	((uint64_t)(n) <= (uint64_t)mw_countdown  \
	  ? (void)(mw_countdown -= (int)(n)) : mw_chargemany(L, (uint64_t)(n)))

/*
** Charges 'n' steps without raising, for places where nothing may be
** raised or no state is at hand: the next 'mw_charge' raises.
*/
#define mw_note(n)  \
	((uint64_t)(n) <= (uint64_t)mw_countdown  \
	  ? (void)(mw_countdown -= (int)(n)) : mw_notemany((uint64_t)(n)))

#endif

/* 'mw_charge' where calls are made: not a call itself in either profile */
#define mw_chargecall(L)  \
	((void)(__builtin_expect(--mw_countdown < 0, 0) && mw_expired(L)))

/* Charges one step, without raising, in a loop that may not raise. */
#if defined(MW_SMALL)
#define mw_notestep()	mw_note(1)
#else
#define mw_notestep()	((void)(mw_countdown -= (mw_countdown > 0)))
#endif

/* Bytes copied, compared or scanned at full speed, as steps. */
#define mw_bytes(n)	((uint64_t)(n) >> 6)


/*
** The slow path, when the countdown has passed zero: refills it and returns
** true if the interpreter loop shall re-enter (no hook is set), or raises
** the error (with no message handler called). Once raised, the state is
** exhausted: every further charge raises again, until 'mw_limit_end' or
** the next 'mw_limit_begin'.
*/
int mw_expired (struct lua_State *L);

/*
** 'mw_expired' for the interpreter loop: all its state is in the CallInfo
** when it calls this, so that 'mw_pause' can suspend the thread here.
*/
int mw_reenter (struct lua_State *L);

/* What 'mw_chargen' and 'mw_note' do when the countdown does not suffice. */
void mw_chargemany (struct lua_State *L, uint64_t n);
void mw_notemany (uint64_t n);


/*
** For the exports
*/

/*
** The messages of the error that is raised: the limit's own, and the one
** that was raised last. The record's kind is "limit".
*/
#define MW_LIMITMSG	"instruction limit exceeded"
extern const char *mw_limit_message;

/* Sets the limit of the exports that begin from now on; <= 0: none. */
void mw_limit_set (int64_t instructions);

/* An export that runs Lua begins: counts anew, nothing is exhausted. */
void mw_limit_begin (void);

/* did the limit end a finaliser? (Set by the collector, see 'mw_limit_end'.) */
extern int mw_runaway;

/*
** That export is done with all that may run a script's code: from here on
** nothing is charged against a limit. If a finaliser was ended, those of all
** tables are cancelled, which frees nothing: it could have armed others
** that do not end either, for ever. Returns what 'mw_limit_hit' did. If
** it is true the export has failed with kind "limit", whatever the
** protected call returned: the script may have caught the error, or a
** finaliser may have swallowed it.
*/
int mw_limit_end (struct lua_State *L);

/* True from the moment the limit was hit until the export ends. */
int mw_limit_hit (void);

/*
** If not NULL, called once, when the limit is first hit, with the stack as
** it is there, to note the traceback and the position. May raise a memory
** error; what it charges is free.
*/
extern void (*mw_limit_onhit) (struct lua_State *L);

/*
** If not NULL, asked each time the countdown has passed zero (at the least
** once in MW_INTERVAL steps) whether to end the script though the count has
** not run out (a clock, say): a message (a literal) ends it as the limit
** does; NULL lets it go on.
*/
extern const char *(*mw_limit_poll) (void);

/*
** If not NULL, called by 'mw_reenter' when the script may go on, with the
** number of full intervals since the last time. It returns, or suspends the
** thread as a hook may (see 'bridge/task.c').
*/
extern void (*mw_pause) (struct lua_State *L, int intervals);


/*
** Steps between two re-entries of the interpreter loop, at most. (On node 20
** anything from 512 to 32768 is as fast.)
*/
#if !defined(MW_INTERVAL)
#define MW_INTERVAL	4096
#endif

#endif
