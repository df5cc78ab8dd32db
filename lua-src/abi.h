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
** Like 'mw_run' but leaves the error record alone, and a failure leaves no
** trace but the status.
*/
extern int mw_run_quietly (lua_CFunction f, void *ud);

#endif
