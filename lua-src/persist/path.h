/*
** path.h
** Messages, and the paths in them: which way 'Memory' leads to an object.
** Where there is a lua_State, memory errors may be raised.
*/

#ifndef mw_path_h
#define mw_path_h

#include "lobject.h"

#include "buffer.h"


/* an object in a queue that remembers how it was reached */
typedef struct mw_Item {
  GCObject *o;
  uint32_t parent;  /* index in the queue */
  int link;  /* from the parent */
  TValue key;
} mw_Item;

#define MW_NOPARENT	UINT32_MAX

#define mw_items(q)	((mw_Item *)(void *)(q)->data)
#define mw_nitems(q)	((uint32_t)((q)->n / sizeof(mw_Item)))

/* adds an item (key = NULL: nil); 0 if there is no memory */
extern int mw_enqueue (mw_Buffer *q, GCObject *o, uint32_t parent, int link,
                       const TValue *key);

/*
** A message is put together: first the path of that link of that object
** (from = NULL: a handle), then more, then it is pushed.
*/
extern void mw_startmessage (lua_State *L, GCObject *from, int link,
                             const TValue *key);
extern void mw_put (const char *s, size_t n);
extern void mw_puts (const char *s);
extern void mw_putlink (lua_State *L, const GCObject *from, int link,
                        const TValue *key);

/*
** The links that lead to item 'i' of a queue, but for that of its first
** item. Spoils the queue.
*/
extern void mw_putchain (lua_State *L, mw_Buffer *q, uint32_t i);
extern void mw_pushmessage (lua_State *L);

/* raises the message on top of the stack with kind "persist" */
extern l_noret mw_raise (lua_State *L);

/*
** Pushes "PATH: msg" for that link of that object (from = NULL: a handle).
** May raise memory errors.
*/
extern void mw_pushpath (lua_State *L, GCObject *from, int link,
                         const TValue *key, const char *msg);

/* ends a message and pushes it: no table can be stored with such a key */
extern void mw_putkeyrefusal (lua_State *L, const TValue *key);

/* raises that, with kind "persist" */
extern l_noret mw_refusekey (lua_State *L, GCObject *from, const TValue *key);

/* raises what 'mw_pushpath' pushes, with kind "persist" */
extern l_noret mw_raiseat (lua_State *L, GCObject *from, int link,
                           const TValue *key, const char *msg);

#endif
