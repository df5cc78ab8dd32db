/*
** error.h
** The error record: what the last call failed with
*/

#ifndef mw_error_h
#define mw_error_h

#include "lua.h"

/* kinds of failures */
enum {
  MW_ERR_NONE,
  MW_ERR_SYNTAX,
  MW_ERR_RUNTIME,
  MW_ERR_MEMORY,
  MW_ERR_LIMIT,
  MW_ERR_PERSIST
};

/* forgets the last failure and the captured output */
extern void mw_error_clear (void);

/*
** Puts aside what is on record, for an exported function that runs inside
** another one, and puts it back. Without memory it is forgotten.
*/
extern void *mw_error_save (void);
extern void mw_error_restore (void *old);

/* name of the chunk that does not compile, as its source has it */
extern void mw_error_chunk (const char *source);

/* kind of the failure on record, MW_ERR_NONE if there is none */
extern int mw_error_kind (void);

/*
** The message handler of all exported functions: notes traceback and
** position of an error, and makes a text of its object, as the standalone
** 'lua' does.
*/
extern int mw_error_handler (lua_State *L);

/*
** Notes traceback and position without a message: what 'mw_limit_onhit'
** calls. May raise a memory error.
*/
extern void mw_error_note (lua_State *L);

/*
** Fills in the record from the error object on top of the stack and the
** status of the call that failed. Never fails itself and leaves the stack
** alone. 'syntax' tells whether the failure is the call's own chunk that
** does not compile.
*/
extern void mw_error_record (lua_State *L, int status, int syntax);

/*
** Puts a failure on record whose message does not come from an error
** object; what was noted before stays. The message must be a literal.
*/
extern void mw_error_set (int kind, const char *msg);

/*
** Raises the message on top of the stack as an error of kind "persist",
** should nothing catch it. The position of the innermost Lua function is
** put in front of it if 'level' is 1 (as in 'luaL_error'), nothing if 0.
*/
extern int mw_error_persist (lua_State *L, int level);

/* forgets which message was of kind "persist" (when a call starts) */
extern void mw_error_forget (lua_State *L);

/* the message on record and its length */
extern const char *mw_error_message (size_t *len);

/*
** Writes the record into the I/O buffer (ABI.md, 'get_last_error') and
** returns its length, 0 if there is none. Cuts it rather than fail.
*/
extern size_t mw_error_encode (void);

/*
** Appends the record of a failure to the I/O buffer (which has to have 4
** kB left), without the captured output unless 'output'. The caller adds
** 'extra' fields.
*/
extern void mw_error_append (int output, int extra);

#endif
