/*
** reach.h
** What can be reached in the host's store, for the files that work on its
** bytes
*/

#ifndef mw_reach_h
#define mw_reach_h

#include "stored.h"

/* what is referred to */
enum { MW_REF_TABLE, MW_REF_CLOSURE, MW_REF_CELL, MW_REF_TEXT, MW_REF_THREAD,
       MW_REF_WRAP, MW_NREFS };

typedef struct mw_Found {
  int kind;
  uint64_t id;  /* or hash */
} mw_Found;

typedef struct mw_Reach {
  lua_State *L;
  mw_Map seen[MW_NREFS];
  uint32_t max;  /* highest id */
  int bad;  /* is an entry or a record damaged? */
} mw_Reach;

extern mw_Reach mw_R;

#define mw_queue	mw_scratch(QUEUE)  /* mw_Found, in order of appearance */
#define mw_rkeys	mw_scratch(REACHKEYS)
#define mw_rval		mw_scratch(REACHVAL)

#define mw_found(i)	(((mw_Found *)(void *)mw_queue.data) + (i))
#define mw_nfound	(mw_queue.n / sizeof(mw_Found))

/*
** Texts are told by half their hash: if two fall together neither is
** dropped.
*/
#define mw_fold(h)	((uint32_t)((h) ^ ((h) >> 32)) | 1)

/* called for each reference: its id (4 bytes, or 8 of a text) is at 'p' */
typedef void (*mw_Visitor) (int kind, const unsigned char *p);

/*
** Walks over a value or record; 'tag' is its record's, or 0 for a plain
** value. Raises MW_BADDATA if it is damaged.
*/
extern void mw_refs (int tag, const unsigned char *p, size_t n,
                    mw_Visitor f);

/* goes to the end of a value, or of a slot of a coroutine */
extern void mw_skipvalue (mw_Reader *r);

extern uint32_t mw_getid (const unsigned char *p);
extern uint64_t mw_gethash (const unsigned char *p);

/* record tag of a table's entry, by its key */
extern int mw_entrytag (const unsigned char *key, size_t n);

/* tags of the records of each kind (0: none) */
extern const int mw_recordtag[MW_NREFS];

/* the slot of what was noted, or NULL */
extern mw_Slot *mw_seen (int kind, uint32_t key);

/* begins with nothing reached, and frees what was noted */
extern void mw_reachstart (lua_State *L);
extern void mw_reachdone (void);

/* notes something, unless it is noted already; may raise memory errors */
extern void mw_reached (int kind, uint64_t id);

/* goes on to all that the store's bytes lead to from there */
extern void mw_reachall (lua_State *L);

/* reads the record of what is no table into mw_rval */
extern void mw_getrecord (const mw_Found *f);

#endif
