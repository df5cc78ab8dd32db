/*
** stored.h
** What the files of the persistence runtime share (docs/stored-format.md
** has the formats)
*/

#ifndef mw_stored_h
#define mw_stored_h

#include "lua.h"

#include "ldo.h"
#include "lgc.h"
#include "lobject.h"
#include "lstate.h"
#include "ltable.h"

#include "barrier.h"
#include "buffer.h"
#include "codec.h"
#include "idmap.h"
#include "path.h"
#include "scratch.h"

/* tags of the runtime's own records (keys have no version, records do) */
#define MW_TAG_CLOSURE	0x10	/* reference, and record in table 0 */
#define MW_TAG_CELL	0x11	/* record in table 0 */
#define MW_TAG_TEXT	0x12	/* record in table 0 */
#define MW_TAG_COUNTER	0x13	/* record in table 0 */
#define MW_TAG_META	0x14	/* entry of any table: its metatable */
#define MW_TAG_NAMED	0x15	/* permanent, by name */
#define MW_TAG_HANDLE	0x16	/* handle of 'ext.table' */
#define MW_TAG_THREAD	0x17	/* reference, and record in table 0 */
#define MW_TAG_WRAP	0x18	/* likewise: a function of 'coroutine.wrap' */

#define MW_FORMAT	1	/* version of all these records, as they are built */
#define MW_SEALED	2	/* ... as they are stored: a checksum follows */

/* the two bytes that a record begins with, as the number that they are */
#define mw_header(tag)	((unsigned int)(tag) | MW_FORMAT << 8)

/* who gave a permanent its name */
#define MW_BYRUNTIME	0
#define MW_BYSCRIPT	1	/* or a host */

#define MW_NOIDS	"no more ids for stored tables"
#define MW_STOREFAILED	"the host's store failed to save it"

/*
** Ids from here on are not handed out (unless a host asks for it) and do
** not move the counter when they are met: a damaged id must not use up all
** of them.
*/
#define MW_MAXID	((uint32_t)1 << 28)

#if !defined(l_unlikely)  /* they are for upstream's own files */
#define l_likely(x)	luai_likely(x)
#define l_unlikely(x)	luai_unlikely(x)
#endif

/* for macros that want a state for their assertions only */
#define NOSTATE		cast(lua_State *, NULL)

/* after something was written at 'L->top' (which always has room for it) */
static inline void mw_inctop (lua_State *L) {
  L->top.p++;
  luaD_checkstack(L, 1);
}


/* can a value be stored by itself: nil, a boolean, a number, a string? */
#define mw_isplain(v)  \
	(ttype(v) <= LUA_TSTRING && ttype(v) != LUA_TLIGHTUSERDATA)


/* states of a stored object ('mw_Slot.state' in 'byobj') */
#define MW_ST_OLD	0	/* handed over, but for what 'pending' has */
#define MW_ST_NEW	1	/* nothing is handed over yet */
#define MW_ST_PART	2	/* new; what is not handed over is in 'pending' */
#define MW_ST_MASK	3
#define MW_ST_GUARDED	4	/* loaded, but for entries that can't be read */
#define MW_ST_RAN	8	/* a coroutine that may have changed */

/* a coroutine, or a cell that was open when it was last looked at */
typedef struct mw_Watch {
  uint32_t id;
  uint64_t hash;  /* of a cell's value as handed over, 0: not yet */
} mw_Watch;

typedef struct mw_Stored {
  lua_State *L;  /* thread that works on the store; never runs Lua code */
  mw_Map byobj;
  mw_Map byid;
  uint32_t next;  /* next id */
  mw_Buffer news;  /* ids of objects that are new or were, in order */
  uint32_t memory;  /* id behind 'Memory' */
  uint32_t swept;  /* a collection goes on below that id; 0: below 'next' */
  lu_byte counterknown;  /* 'next' is right */
  lu_byte counterdirty;  /* table 0 does not have 'next' yet */
  Table *root;  /* the table behind 'Memory' */
  /* the rest is held by the registry, too */
  Table *pending;  /* changed object -> set of its changed keys, or true */
  Table *guards;  /* guarded table -> its metatable, false, or true (bad) */
  Table *names;  /* permanents by their record, a string */
  Table *values;  /* permanents -> their record, a string */
  Table *handles;  /* id -> handle, weak */
  Table *handlemeta;  /* metatable of handles */
  Table *chunks;  /* text -> its main function, while the store is busy */
  mw_Buffer watched;  /* coroutines, and cells open at the last flush */
  mw_Buffer attached;  /* ids that have been behind 'Memory' */
  const Table *lastobj;  /* last table looked up by the barrier... */
  Table *lastset;  /* ...and its set in 'pending', NULL if it is new */
  mw_Buffer scratch[MW_NSCRATCH];
  char why[160];  /* what is wrong with the last bad value... */
  lu_byte whykept;  /* ...or with an earlier one, if that is set */
} mw_Stored;

extern mw_Stored mw_S;

/* slot of an object (NULL if it is not stored), and what is in it */
#define mw_slotof(obj)	mw_slotofobject(obj2gco(obj))
#define mw_idof(obj)	mw_idofobject(obj2gco(obj))
#define mw_isnew(obj)	mw_isnewobject(obj2gco(obj))

extern mw_Slot *mw_slotofobject (const GCObject *o);
extern uint32_t mw_idofobject (const GCObject *o);
extern int mw_isnewobject (const GCObject *o);  /* MW_ST_NEW? */

/* values of a set of changed keys */
#define MW_ADDED	1	/* the store has no such key */
#define MW_CHANGED	2	/* it has, or may have */

/* key of a metatable in a set of changed keys (a light userdata) */
extern const char mw_metakey;


/*
** {==================================================================
** memory.c
** ===================================================================
*/

/*
** Runs f(mw_S.L, ud) with the collector stopped, for work that handles
** objects nobody holds. An error is raised again in L. Does a full
** collection and tries once more where memory does not suffice, so f has
** to be repeatable. Returns 0 if f has raised MW_BADDATA, else 1. (Within
** other such work, that is raised.)
*/
extern int mw_work (lua_State *L, Pfunc f, void *ud);

/* status of what something bad in the store has ended: mw_S.why says what */
#define MW_BADDATA	100

/* runs f(L, ud), within 'mw_work'; 0 if it has raised MW_BADDATA, else 1 */
extern int mw_try (lua_State *L, Pfunc f, void *ud);

/* pushes the message that is on top of the worker's stack */
extern void mw_takemessage (lua_State *L);

/* a new internal table, held for as long as the state lives */
extern Table *mw_newroot (lua_State *L);

/* makes sure that 'mw_S.next' is right; may raise errors */
#define mw_knowcounter(L)  \
	(mw_S.counterknown ? (void)0 : mw_findcounter(L))

extern void mw_findcounter (lua_State *L);

/* ids up to that one are in use */
extern void mw_seenid (uint32_t id);

/* }================================================================== */


/*
** {==================================================================
** walk.c
** ===================================================================
*/

/*
** Kinds of links from objects to what they hold; the key of an upvalue's
** link is its number (from 1), that of a coroutine's the index in its
** stack; the link of a cell or a wrap function to its value has none.
*/
enum { MW_LINK_NONE, MW_LINK_KEY, MW_LINK_META, MW_LINK_UPVAL, MW_LINK_SLOT };

/* a walk over a table: 'i' starts as 0 */
typedef struct mw_Entries {
  unsigned int i;
  TValue k;
  TValue v;
} mw_Entries;

/* the next entry, 0 at the end. Raises nothing. */
extern int mw_entries (const Table *t, mw_Entries *e);

/* looks up a key; nil if it is absent. Holds until the next look-up. */
#if MW_LUA == 54
#define mw_rawget(t,k)	luaH_get(t, k)
#else
extern const TValue *mw_rawget (Table *t, const TValue *k);
#endif

/* the same into 'v' */
extern void mw_lookup (Table *t, const TValue *k, TValue *v);

/* is there such a key? */
extern int mw_haskey (Table *t, const TValue *k);

/* is a table a shell? ('mw_isshell' is for where every cycle counts) */
extern int mw_shell (const Table *h);

/* loads a table with its metatable; raises an error if anything is bad */
extern void mw_loadwhole (lua_State *L, Table *h);

/* rawset for internal tables and for loading, with the collector's barrier */
extern void mw_rawset (lua_State *L, Table *t, const TValue *k, TValue *v);

/* the same for internal tables whose keys are objects */
extern const TValue *mw_getof (Table *t, GCObject *o);
extern Table *mw_tableof (Table *t, GCObject *o);  /* NULL if it is none */
extern void mw_setof (lua_State *L, Table *t, GCObject *o, TValue *v);
extern void mw_unsetof (lua_State *L, Table *t, GCObject *o);

/* the metatable of a stored table, as far as it is known, or NULL */
extern Table *mw_storedmeta (Table *h);

/* a new id for 'o', which becomes stored; 0 without memory or ids left */
extern uint32_t mw_newid (GCObject *o);

/* maps 'id' to the loaded 'o', which becomes stored; raises memory errors */
extern void mw_adopt (lua_State *L, GCObject *o, uint32_t id);

/* undoes 'mw_newid' and 'mw_adopt' */
extern void mw_forget (GCObject *o);

/* the object with an id if it is in memory, or NULL */
extern GCObject *mw_object (uint32_t id);

/* tag of a reference to an object (of a cell: in a coroutine's stack) */
extern int mw_tagof (const GCObject *o);

/* a walk over a coroutine's stack, from the top down */
typedef struct mw_Slots {
  lua_State *L1;
  StkId o;  /* the slot */
  int istbc;  /* does it wait for being closed? */
  UpVal *uv;  /* the next open upvalue, slot to be closed, and frame */
  StkId tbc;
  const CallInfo *ci;
  StkId above;  /* where the frame above begins */
} mw_Slots;

/* a walk over what an object links to: one call of 'mw_nextlink' each */
typedef struct mw_Links {
  GCObject *o;
  int meta;  /* metatable yet to come */
  int link;  /* its kind, key and value */
  mw_Entries e;
  mw_Slots slots;
} mw_Links;

extern void mw_startlinks (mw_Links *w, GCObject *o);

/*
** The next link, 0 at the end. A cell that it leads to comes as a value,
** with a type that no script sees. Charged.
*/
extern int mw_nextlink (mw_Links *w);

/* is a value, or a cell, a stored object? */
#define mw_isstoredvalue(v)  \
	(iscollectable(v) && (gcvalue(v)->marked & MW_STOREDBIT))

/* }================================================================== */


/*
** {==================================================================
** promote.c
** ===================================================================
*/

/*
** Makes 'v' and all that it reaches stored objects; 'from' is about to link
** to it as 'link' and 'key' say. Raises the error of promise 8, nothing
** changed, or a memory error. Returns 0 if 'from' is not stored any more
** (see 'mw_detach'), so that it may take anything; else 1.
*/
extern int mw_promote (lua_State *L, GCObject *from, int link,
                       const TValue *key, const TValue *v);

/*
** Like 'mw_promote', but returns -1 with the message on top of the stack
** instead of raising it.
*/
extern int mw_trypromote (lua_State *L, GCObject *from, int link,
                          const TValue *key, const TValue *v);

/* likewise for all that the stored coroutine 'L1' holds now */
extern int mw_trythread (lua_State *L, lua_State *L1);

/* }================================================================== */


/*
** {==================================================================
** permanent.c
** ===================================================================
*/

/* notes the libraries as they are; once, before any script runs */
extern void mw_permanent_open (lua_State *L);

/* the record of a permanent (a string), or NULL */
extern TString *mw_permanent_record (const TValue *v);

/*
** Declares the value on top of the stack (which it pops) as a permanent:
** what ext.permanent does for scripts, and hosts for their functions.
*/
extern void mw_permanent_set (lua_State *L, const char *name, size_t len);

/* }================================================================== */


/*
** {==================================================================
** store.c, flush.c
** ===================================================================
*/

/* what is encoded goes to mw_val, within 'mw_work' only: a number, ... */
extern void mw_store_u8 (unsigned int v);
extern void mw_store_u32 (size_t v);

/* ... tag and version of a record, ... */
extern void mw_store_header (int tag);

/* ... a value (0 if it can't be stored), ... */
extern int mw_store_encode (const TValue *v);

/* ... or a reference to a stored object */
extern void mw_store_ref (GCObject *o);

/* appends a key of table 0: that of a record of an id, or of a text's hash */
extern void mw_store_key (lua_State *L, mw_Buffer *b, int tag, uint64_t id);

/*
** Reads such a record into 'b', 0 if there is none; RECORDKEY is its key then
*/
extern int mw_store_find (lua_State *L, int tag, uint64_t id, mw_Buffer *b);

/*
** Reads such a record into 'b', and makes 'r' read what is behind its header
** ('r' may be NULL: any header will do). Raises MW_BADDATA if there is none.
*/
extern void mw_store_record (lua_State *L, int tag, uint64_t id, mw_Buffer *b,
                            mw_Reader *r);

/*
** Reads an entry into 'b' (from its start). Returns 0 if there is none.
** Raises memory errors. What begins with a tag from MW_TAG_OPEN on comes as
** it was built, without its checksum; if that does not fit, the version is
** one that there is not.
*/
extern int mw_store_get (lua_State *L, uint32_t id, const void *key,
                         size_t klen, mw_Buffer *b);

/*
** Sets an entry; what begins with a tag from MW_TAG_OPEN on gets a checksum.
** Returns 0 if the host's store failed. Raises memory errors.
*/
extern int mw_store_set (lua_State *L, uint32_t id, const void *key,
                         size_t klen, const void *val, size_t n);

/*
** Reads all keys of a table into 'b' and checks their lengths. Returns
** their number. 'r' then reads the keys (none if MW_BADDATA is raised).
*/
extern unsigned int mw_store_keys (lua_State *L, uint32_t id, mw_Buffer *b,
                          mw_Reader *r);

/* reads the next of these keys; 0 at the end */
extern int mw_store_nextkey (mw_Reader *r, mw_Reader *key);

/* a walk over these keys, in steps: what is bad ends a step */
typedef struct mw_Keys {
  uint32_t id;
  mw_Buffer *b;  /* for the keys */
  void (*visit) (lua_State *L, struct mw_Keys *w);  /* called for each 'key' */
  void *ud;
  mw_Reader r;
  mw_Reader key;
  int begun;
  unsigned int n;  /* number of all keys */
} mw_Keys;

/* goes on with such a walk (begun = 0: starts it); 0 if MW_BADDATA ended it */
extern int mw_store_walk (lua_State *L, mw_Keys *w);

/*
** Hands over what has changed (see ABI.md, 'flush'). Pushes nothing and
** returns the number of entries, or pushes a message and returns -1.
** To be called with the store's thread, within 'mw_work'.
*/
extern int mw_store_flush (lua_State *L);

/*
** Hands over only what is new, for a link to it that is handed over at
** once. Returns 0 with a message on top of the stack if the store failed.
*/
extern int mw_store_handnew (lua_State *L);

/* 64-bit FNV-1a */
#define MW_HASHSEED	0xcbf29ce484222325u
extern uint64_t mw_hash (uint64_t h, const void *p, size_t n);
extern uint64_t mw_hashof (const void *p, size_t n);  /* from the seed on */

/* ... of the encoded value of a cell; never 0. Spoils mw_val. */
extern uint64_t mw_cellhash (const UpVal *uv);

/* empties mw_key and mw_val */
extern void mw_newentry (void);

/* }================================================================== */


/*
** {==================================================================
** decode.c, load.c, closure.c
** ===================================================================
*/

/*
** What is bad in the store raises MW_BADDATA, with mw_S.why set; all of this
** is for use within 'mw_work' only, which catches that, as 'mw_try' does.
*/

/* decodes a stored value; new tables are shells */
extern void mw_decodevalue (lua_State *L, mw_Reader *r, TValue *res);

/* decodes a key; 0 if it is the runtime's own */
extern int mw_decodekey (lua_State *L, mw_Reader *r, TValue *res);

/* pops a value */
extern void mw_popto (lua_State *L, TValue *res);

/* reads and decodes the value of a key; nil if there is none */
extern void mw_readvalue (lua_State *L, uint32_t id, const void *key,
                         size_t klen, TValue *res);

/* the stored table with an id, a shell if it is not in memory */
extern Table *mw_tablebyid (lua_State *L, uint32_t id);

/*
** The stored function or coroutine with an id, of the kind that the tag of
** its references says
*/
extern GCObject *mw_objectbyid (lua_State *L, int tag, uint32_t id);

/* the cell with an id, for what is being built */
extern UpVal *mw_cellbyid (lua_State *L, uint32_t id);

/*
** Decodes a function stored as bytecode (tag 0x05), which is verified first.
*/
extern void mw_bytecode_decode (lua_State *L, mw_Reader *r, TValue *res);

/*
** Encodes the record of a function. Hands over the function's text before
** that if the store does not have it; adds the number of entries that this
** took to '*n'. Returns 0 if the host's store failed.
*/
extern int mw_closure_encode (lua_State *L, LClosure *cl, int *n);

/*
** Makes sure that the store has the record 'rec' of a text, and sets its
** key's hash: different texts with the same hash get different keys. Adds
** the number of entries set to '*n'; returns 0 if the host's store failed.
*/
extern int mw_text_put (lua_State *L, const mw_Buffer *rec, uint64_t *hash,
                        int *n);

/* forgets what a load that an error ended has half built */
extern void mw_closure_abandon (void);

/* raises MW_BADDATA: what is wrong with a value comes into mw_S.why */
extern l_noret mw_bad (const char *what, const char *name, size_t len);
extern l_noret mw_badvalue (const char *what);

/* what is said of a version that this release does not know */
extern const char mw_unknownversion[];

/* reads the version of a record, which has to be the one that is known */
extern void mw_read_version (mw_Reader *r);

/* reads tag and version, which have to be as expected */
extern void mw_read_header (mw_Reader *r, int tag);

/* makes 'r' read so many bytes; it raises what is wrong with them */
extern void mw_reader (mw_Reader *r, const void *p, size_t n);

/* }================================================================== */


/*
** {==================================================================
** thread.c, rebuild.c, loop.c
** ===================================================================
*/

#define MW_THREAD_RESTS		0  /* can be stored as it is */
#define MW_THREAD_RUNS		1  /* not now */
#define MW_THREAD_REFUSED	2
#define MW_THREAD_NEVER		3  /* the main coroutine */

extern int mw_thread_state (const lua_State *L1);

/* what is wrong with one that does not rest, for messages */
extern void mw_thread_putrefusal (lua_State *L1);

/* a walk over the stack of a coroutine (that has none unless it rests) */
extern void mw_startslots (mw_Slots *w, lua_State *L1);

/* the next value, or where an upvalue is open its cell; 0 at the end */
extern int mw_nextslot (mw_Slots *w, TValue *v);

/* name of the variable in a slot, or "?" */
extern const char *mw_thread_slotname (lua_State *L1, uint32_t i);

/* encodes the record; 0 if there is something that can't be stored */
extern int mw_thread_encode (lua_State *L, lua_State *L1);

/* loops over tables: before a coroutine is stored that has run (loop.c) */
extern void mw_settleloops (lua_State *L, lua_State *L1);

/* the iterator that they have then */
extern int mw_nextkept (lua_State *L);

/*
** Fills a new thread as the record says that 'r' is in, behind its version.
** If that is bad, what it has taken of cells has to be closed, and it may
** not be used.
*/
extern void mw_thread_fill (lua_State *L, lua_State *L1, const mw_Reader *r);

/* }================================================================== */


/*
** {==================================================================
** reach.c, image.c. All but the first within 'mw_work'; where they return 0 or -1 a message is
** on top of the stack.
** ===================================================================
*/

/*
** Is the stored object 'o' out of reach of all tables that have been behind
** 'Memory', and of all handles? Then it ends being stored, with all else
** that is (and stays what it is), and the result is 1; else 0. Can't be
** done while there is something in it that can't be read.
*/
extern int mw_detach (lua_State *L, GCObject *o);

/* highest id that the tables in memory and all they reach have */
extern uint32_t mw_scan (lua_State *L);

/* see ABI.md: 'collect_tables', 'serialize_table', 'deserialize_table' */
extern int mw_collect (lua_State *L, const uint32_t *roots, size_t n);
extern int mw_serialize (lua_State *L, uint32_t id, mw_Buffer *image);
extern uint32_t mw_deserialize (lua_State *L, const unsigned char *p,
                                size_t n);

/* }================================================================== */


/*
** {==================================================================
** barrier.c
** ===================================================================
*/

/* notes that an entry of a stored table has changed, if it is not new */
extern void mw_notekey (lua_State *L, Table *h, const TValue *key, int how);

/* notes that a stored function or cell has changed, if it is not new */
extern void mw_noteobject (lua_State *L, GCObject *o);

/* what was noted may be so no more: a flush, or a table was let go */
extern void mw_unnote (void);

/* is that entry noted as changed, or is the table new? */
extern int mw_isnoted (Table *h, const TValue *key);

/* }================================================================== */

#endif
