/*
** abi.h
** The module's state and how its exported functions run Lua
*/

#ifndef mw_abi_h
#define mw_abi_h

#include "lua.h"

#define MW_ABI_VERSION		1

/*
** Marks a function that the module exports. The linker keeps it for that;
** the toolchain's export pass exports it under its C name.
*/
#define MW_EXPORT		__attribute__((used))

/*
** The thread that exported functions run on: the main thread, or, while
** Lua calls a host function, the thread that does. NULL before 'init'.
*/
extern lua_State *mw_L;

/* number of exported functions that run Lua, one inside the other */
extern int mw_busy;

/*
** Runs f with 'ud' as its argument (a light userdata, index 1) in protected
** mode on 'mw_L' and drops its results. The outermost of such runs counts
** limits anew. With a message handler (NULL: none) a failure is put on
** record; 'syntax' (of the call's own chunk, may be NULL) is looked at then.
** Returns LUA_OK or the status of the failure.
*/
extern int mw_protected (lua_CFunction f, void *ud, const int *syntax,
                         lua_CFunction handler);

/* what an outermost exported function forgets: error record and old output */
extern void mw_starting (void);

/* name of a chunk with that text; a name that the host set is used up */
extern const char *mw_chunkname (const char *text);

/*
** Runs f as 'mw_protected' does, as an exported function has to: the error
** record is cleared before and filled in after a failure.
*/
extern int mw_run (lua_CFunction f, void *ud);

/*
** Called (if set) protected at the end of each 'compute', also of one that
** failed: where what changed is handed to the host. Its failure is put on
** record, and makes the call fail, unless the chunk has failed already.
*/
extern int (*mw_atend) (lua_State *L);

/*
** Runs f as 'compute' runs a chunk, with 'ud' as for 'mw_protected': gives
** the bytes of the result record that f has to leave in the I/O buffer, or
** less than 0 and the message there.
*/
extern int mw_compute (lua_CFunction f, void *ud, const int *syntax);

/* 'compute' for a chunk of that mode, "t" or "b" */
extern int mw_compute_chunk (const char *s, size_t l, const char *mode);

/* writes the result record of the 'n' values on top of the stack */
extern void mw_results (lua_State *L, int n);

/*
** Is there a state that 'init' is done with? And what 'init' does with one
** that stands in the module already (see preload/preload.c); gives LUA_OK or
** the status of the failure.
*/
extern int mw_ready (void);
extern int mw_wake (void);

/* is it 'mw_wake' that looks at the host's store, and not 'init'? */
extern int mw_later (void);

/* what runs in the toolchain before the state is put into the module */
extern int mw_prepare (lua_State *L);

/* 'os.clock' counts from now on */
extern void mw_clock_begin (void);

/* exported: a full collection */
extern void run_gc (void);

/* exported: makes the state */
extern int init (void);

/*
** What 'init' opens beside the libraries: nothing, unless a part of the
** runtime that not all modules have defines it.
*/
extern void mw_openmore (lua_State *L);

/*
** Like 'mw_run' but leaves the error record alone, and a failure leaves no
** trace but the status.
*/
extern int mw_run_quietly (lua_CFunction f, void *ud);

#endif
