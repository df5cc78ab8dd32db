/*
** buffer.h
** Growing byte buffers, and the I/O buffer that module and host share
*/

#ifndef mw_buffer_h
#define mw_buffer_h

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lua.h"

/* a growing buffer: 'n' of 'cap' bytes in use. All zero is an empty one. */
typedef struct mw_Buffer {
  unsigned char *data;
  size_t n;
  size_t cap;
} mw_Buffer;

/* least size of the I/O buffer (kept even when memory is short) */
#define MW_IO_MIN	65536

/* an I/O buffer larger than that is given back when it was read */
#define MW_IO_KEEP	(1024 * 1024)

/*
** The I/O buffer. 'n' is where the record under construction ends. May
** move whenever something is written to it.
*/
extern mw_Buffer mw_io;


/*
** Makes room for 'extra' more bytes. Returns 0, nothing changed, if there
** is no memory; else 1.
*/
extern int mw_buf_tryreserve (mw_Buffer *b, size_t extra);

/*
** Makes room for 'extra' more bytes and returns where they go ('n' does not
** change). Raises "not enough memory".
*/
extern unsigned char *mw_buf_reserve (lua_State *L, mw_Buffer *b,
                                      size_t extra);

/* appends bytes; raises "not enough memory" */
extern void mw_buf_add (lua_State *L, mw_Buffer *b, const void *p, size_t n);

/* append one little-endian number; raise "not enough memory" */
extern void mw_buf_addnumber (lua_State *L, mw_Buffer *b, uint64_t v,
                              int size);
extern void mw_buf_addu8 (lua_State *L, mw_Buffer *b, unsigned int v);
extern void mw_buf_addu16 (lua_State *L, mw_Buffer *b, unsigned int v);
extern void mw_buf_addu32 (lua_State *L, mw_Buffer *b, size_t v);
extern void mw_buf_addu64 (lua_State *L, mw_Buffer *b, uint64_t v);

/* makes a large I/O buffer as small as it may be; its contents are lost */
extern void mw_io_trim (void);

/* gives the memory back; the buffer then is an empty one */
extern void mw_buf_free (mw_Buffer *b);

/* gives memory back if more than 'keep' bytes are allocated; sets 'n' to 0 */
extern void mw_buf_shrink (mw_Buffer *b, size_t keep);

#endif
