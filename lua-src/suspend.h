/*
** suspend.h
** Suspension by the host: what the coroutine library has to know of it, and
** what others have to know of suspended functions. A
** task of the host's (bridge/task.c) that waits for the host suspends all
** coroutines between the call and its base; no script sees that.
*/

#ifndef mw_suspend_h
#define mw_suspend_h

#include "lua.h"

/*
** The thread that resumed coroutine 'L', from then until 'L' yields or ends
** by itself: it remains set while the host has 'L' suspended. NULL for all
** others.
*/
#define mw_resumer(L)		(*(lua_State **)lua_getextraspace(L))

/* true while a suspension by the host goes outward to the task's base */
extern int mw_suspending;


/*
** What coroutines that are stored need of the libraries: the continuations
** of 'pcall' and 'xpcall', 'pairs' and 'dofile', and what the functions of
** 'coroutine.wrap' are
*/
extern const lua_KFunction mw_continuations[];
extern const lua_CFunction mw_auxwrap;

#endif
