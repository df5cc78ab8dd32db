/*
** output.h
** Capture of what 'print', 'io.write' and warnings write
*/

#ifndef mw_output_h
#define mw_output_h

#include "lua.h"

#include "buffer.h"

/* the text that was written and not cleared yet */
extern mw_Buffer mw_output;

/* appends text; raises "not enough memory" */
extern void mw_output_write (lua_State *L, const char *s, size_t l);

/*
** Appends a format with at most one "%s": what 'lua_writestringerror' does.
** Raises nothing (no state is at hand, or it is the collector that warns);
** text for which there is no memory is lost.
*/
extern void mw_output_message (const char *fmt, const char *arg);

/*
** An exported function that delivers output has ended: the text so far is
** its own. 'mw_output_delivered' gives that text's length, until
** 'mw_output_clear' (when the next such function starts) forgets it. What
** is written in between, by a finalizer say, goes with the next delivery.
*/
extern void mw_output_deliver (void);
extern size_t mw_output_delivered (void);
extern void mw_output_clear (void);

/* the warning function ('lua_setwarnf'): off until "@on", as in upstream */
extern void mw_output_warn (void *ud, const char *msg, int tocont);

#endif
