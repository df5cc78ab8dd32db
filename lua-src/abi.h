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

/* the main thread; NULL before 'init' */
extern lua_State *mw_L;

/*
** Runs f with 'ud' as its argument (a light userdata, index 1) on the main
** thread, as an exported function has to: limits counted anew, the error
** record cleared before and filled in after a failure. The results that f
** returns are dropped. Returns LUA_OK or the status of the failure.
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
