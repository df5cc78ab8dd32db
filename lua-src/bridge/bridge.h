/*
** bridge.h
** What the files of the bridge share (docs/bridge.md is the contract)
*/

#ifndef mw_bridge_h
#define mw_bridge_h

#include <stddef.h>
#include <stdint.h>

#include "lua.h"
#include "lobject.h"

#include "buffer.h"
#include "imports.h"


/*
** {==================================================================
** Imports
** ===================================================================
*/

MW_IMPORT("js_call") int js_call (unsigned int op, unsigned int id,
        const void *args, unsigned int len, unsigned int task);
MW_IMPORT("js_release") void js_release (unsigned int id, unsigned int count);

/* operations of 'js_call' */
enum {
  MW_OP_CALL, MW_OP_INDEX, MW_OP_NEWINDEX, MW_OP_LEN, MW_OP_TOSTRING,
  MW_OP_PAIRS, MW_OP_CLOSE
};

/* answers of 'js_call' that are no lengths */
#define MW_ANS_ERROR		(-1)
#define MW_ANS_WAIT		(-2)
#define MW_ANS_ERRORHERE	(-3)

/* }================================================================== */


/* tags in bridge records only */
#define MW_TAG_REF	0x40	/* u8 kind, u32 id */
#define MW_TAG_HOST	0x41	/* u32 id, u8 flags, u32 length, name */
#define MW_TAG_ERROR	0x42	/* error object, table */

/* status of a bridge record */
enum {
  MW_REC_FINISHED, MW_REC_WAITS, MW_REC_SLICED, MW_REC_FAILED, MW_REC_YIELDED
};

/* flags of calls */
#define MW_TABLES		0x003	/* how tables come: */
#define MW_TABLES_VALUE		0
#define MW_TABLES_HANDLE	1
#define MW_TABLES_META		2	/* handles if they have a metatable */
#define MW_RESUME_ERROR		0x100
#define MW_RESUME_ERRORHERE	0x200


/*
** {==================================================================
** call.c: exports that run Lua, and the records they leave
** ===================================================================
*/

/* an export on its way */
typedef struct mw_Call {
  uint32_t f;  /* function, or task to resume or close */
  const unsigned char *p;  /* input record */
  size_t n;
  unsigned int flags;
  int failed;  /* true: f has failed and its error is on record */
  lua_CFunction run;  /* f */
} mw_Call;

/*
** Runs f(L) protected, with 'c' as a light userdata at index 1. Unless it
** fails, f has to leave a record in the I/O buffer. Returns what the export
** has to.
*/
extern int mw_call_run (lua_CFunction f, mw_Call *c);

/*
** Starts a record in the I/O buffer, with what was printed so far, and
** appends 'n' values from the top of the stack. Raises errors.
*/
extern void mw_call_record (lua_State *L, int status, uint32_t task, int n,
                            unsigned int flags);

/*
** The message handler of all calls: that of 'error.c', and the error object
** is kept for the record.
*/
extern int mw_call_handler (lua_State *L);

/* set when the chunk of a call does not compile, before the error */
extern int mw_call_syntax;

/* }================================================================== */


/*
** {==================================================================
** value.c: values of bridge records
** ===================================================================
*/

/*
** Appends the values from stack index 'first' to the top. Runs no code of a
** script. Raises memory errors, and those of the store.
*/
extern void mw_value_encode (lua_State *L, mw_Buffer *b, int first,
                             unsigned int flags);

/*
** Pushes all values of a record and returns their number; if it is damaged,
** pushes a message that says where and returns -1. The bytes are copied
** before anything can change them. Raises errors of memory.
*/
extern int mw_value_decode (lua_State *L, const unsigned char *p, size_t n);

/*
** The same for one value in a buffer of 'cap' bytes, whatever follows it:
** returns 1 or -1.
*/
extern int mw_value_first (lua_State *L, const unsigned char *p, size_t cap);

/* the same for the input record of a call, whose damage is raised */
extern int mw_value_input (lua_State *L, const mw_Call *c);

/* }================================================================== */


/*
** {==================================================================
** handle.c: Lua values that the host holds
** ===================================================================
*/

/* ids below that are the module's own functions */
#define MW_FIRSTHANDLE	64

/*
** Appends a handle (0x40) to the value at 'idx', which counts one arrival at
** the host. Raises memory errors.
*/
extern void mw_ref_encode (lua_State *L, mw_Buffer *b, int idx);

/* pushes the value of a handle; raises an error if there is none */
extern void mw_ref_push (lua_State *L, uint32_t id);

/* number of handles that are held */
extern uint32_t mw_ref_count (void);

/* }================================================================== */


/*
** {==================================================================
** hostvalue.c: values of the host in Lua
** ===================================================================
*/

/* pushes the value of the host with that id, new or known */
extern void mw_host_push (lua_State *L, uint32_t id, unsigned int flags,
                          const char *name, size_t len);

/* id and flags of a value at 'idx' that is the host's; 0 for others */
extern uint32_t mw_host_id (lua_State *L, int idx, unsigned int *flags);

/* number of values of the host that are alive in Lua */
extern uint32_t mw_host_count (void);

/* }================================================================== */


/*
** {==================================================================
** task.c
** ===================================================================
*/

/* number of tasks that are under way */
extern uint32_t mw_task_count (void);

/* id of the task that L may suspend, or 0 */
extern uint32_t mw_task_yieldable (lua_State *L);

/* pushes the reason why that is 0, as the end of a sentence */
extern void mw_task_reason (lua_State *L);

/*
** For a C function that is 'mw_task_yieldable': suspends the task until the
** host answers. To be returned at once. The answer is the C function's
** results, or raised as an error.
*/
extern int mw_task_wait (lua_State *L);

/* }================================================================== */


/*
** {==================================================================
** own.c: the module's own functions
** ===================================================================
*/

/* pushes the function of a call; raises an error if there is none */
extern void mw_function_push (lua_State *L, mw_Call *c);

/* }================================================================== */

#endif
