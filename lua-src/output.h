/*
** output.h
** Capture of what 'print', 'io.write' and warnings write
*/

#ifndef mw_output_h
#define mw_output_h

#include "lua.h"

#include "buffer.h"

/* what was written since the last 'mw_output_clear' */
extern mw_Buffer mw_output;

/* appends text; raises "not enough memory" */
extern void mw_output_write (lua_State *L, const char *s, size_t l);

/*
** Appends a format with at most one "%s" (what 'lua_writestringerror' is
** used for).
*/
extern void mw_output_format (lua_State *L, const char *fmt, const char *arg);

/* forgets what was written */
extern void mw_output_clear (void);

/* the warning function ('lua_setwarnf'): off until "@on", as in upstream */
extern void mw_output_warn (void *ud, const char *msg, int tocont);

#endif
