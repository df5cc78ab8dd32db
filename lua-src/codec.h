/*
** codec.h
** The one encoder and decoder of values (ABI.md, "Values")
*/

#ifndef mw_codec_h
#define mw_codec_h

#include "lua.h"
#include "lobject.h"

#include "buffer.h"

/* tags of encoded values */
#define MW_TAG_NIL	0x00	/* */
#define MW_TAG_BOOLEAN	0x01	/* u8 */
#define MW_TAG_INTEGER	0x02	/* i64 */
#define MW_TAG_FLOAT	0x03	/* f64 */
#define MW_TAG_STRING	0x04	/* u32 length, bytes */
#define MW_TAG_LFUNC	0x05	/* u32 length, bytecode */
#define MW_TAG_CFUNC	0x06	/* u16 index in the registry (registry.h) */
#define MW_TAG_STORED	0x07	/* u32 id */
#define MW_TAG_TABLE	0x08	/* u32 count, keys and values */
#define MW_TAG_OPAQUE	0x09	/* u32 length, text */
#define MW_TAG_SEEN	0x0A	/* u32 n-th table of this record */
#define MW_TAG_OPEN	0x10	/* first tag of the runtime's own */

/* index of a C function that is not in the registry */
#define MW_CFUNC_NONE	0xFFFF


/*
** {==================================================================
** Encoder. All raise "not enough memory".
** ===================================================================
*/

/*
** Appends nil, a boolean, number or string (tags 0x00 to 0x04). Returns 0,
** nothing appended, for any other value; else 1.
*/
extern int mw_encode_scalar (lua_State *L, mw_Buffer *b, const TValue *o);

/* appends a string (tag 0x04) */
extern void mw_encode_string (lua_State *L, mw_Buffer *b, const char *s,
                              size_t l);

extern void mw_encode_ts (lua_State *L, mw_Buffer *b, const TString *ts);

/*
** Appends a function: 0x06 for a C function without upvalues, 0x05 (with
** debug information) for a Lua function whose only upvalue, if any, is the
** globals table. Returns 0, nothing appended, for any other value; else 1.
** Runs no Lua code; needs two stack slots.
*/
extern int mw_encode_function (lua_State *L, mw_Buffer *b, const TValue *o);

/* is 'o' a Lua function whose only upvalue, if any, is the globals table? */
extern int mw_is_plain_function (lua_State *L, const TValue *o);

/* pushes a value */
extern void mw_pushvalue (lua_State *L, const TValue *o);

/*
** Appends the 'n' values on top of the stack as a result record has them:
** tables by value (0x08, 0x0A), what has no other form as text (0x09).
** Depth is bounded by memory only. '__tostring' metamethods may run, but
** never while a table is being walked.
*/
extern void mw_encode_values (lua_State *L, mw_Buffer *b, int n);

/* frees what an 'mw_encode_values' that was ended by an error left behind */
extern void mw_codec_release (void);

/*
** Called (if set) for each table before 'mw_encode_values' walks it: the
** place to load a stored table that is not in memory yet. May raise errors.
*/
extern void (*mw_codec_touch) (lua_State *L, Table *t);

/*
** Called (if set) for each value before 'mw_encode_values' encodes it; true:
** it has appended the value itself. It may not run code of a script. Holds
** for one record: 'mw_codec_release' takes it away.
*/
extern int (*mw_codec_hook) (lua_State *L, mw_Buffer *b, const TValue *o);

/* number of tables (0x08) that the same record has already; likewise */
extern unsigned int mw_codec_tables;

/* }================================================================== */


/*
** {==================================================================
** Decoder
** ===================================================================
*/

/* bytes yet to be read; 'err' is a literal that says what is wrong */
typedef struct mw_Reader {
  const unsigned char *p;
  const unsigned char *end;
  const char *err;
  int throws;  /* raise it at once by 'mw_damaged' (persistence only) */
} mw_Reader;

/* raises that what is being read from the store is damaged: 'err' says how */
extern l_noret mw_damaged (const char *err);

/* results of 'mw_decode' */
#define MW_DEC_OK	0	/* a value was pushed */
#define MW_DEC_OTHER	1	/* nothing read: 'p' is at a tag not below */
#define MW_DEC_BAD	2	/* damaged: 'err' says how; nothing pushed */

/*
** Reads one value with a tag from 0x00 to 0x04 or 0x06 and pushes it (a C
** function that this build lacks is MW_DEC_BAD). Other tags are the
** caller's. Checks every length against what is there. May raise "not
** enough memory".
*/
extern int mw_decode (lua_State *L, mw_Reader *r);

/* read little-endian numbers; 0 with 'err' set if too few bytes are left */
extern unsigned int mw_read_u8 (mw_Reader *r);
extern unsigned int mw_read_u16 (mw_Reader *r);
extern uint32_t mw_read_u32 (mw_Reader *r);
extern uint64_t mw_read_u64 (mw_Reader *r);

/*
** 'n' bytes in place; NULL with 'err' set if there are fewer, or if it was set
** before
*/
extern const unsigned char *mw_read_bytes (mw_Reader *r, size_t n);

/* }================================================================== */

#endif
