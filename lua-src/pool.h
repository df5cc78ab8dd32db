/*
** pool.h
** Lua's allocator: size classes over malloc, bytes counted, heap limit
*/

#ifndef mw_pool_h
#define mw_pool_h

#include <stddef.h>

/*
** The 'lua_Alloc' of the module's state, and the way to all other memory
** that counts against the heap limit (the I/O buffer, captured output,
** scratch memory). The caller has to know each block's size. Returns NULL,
** nothing changed, if memory or the heap limit is exhausted.
*/
extern void *mw_alloc (void *ud, void *block, size_t osize, size_t nsize);

/* bytes in use of all that 'mw_alloc' handed out */
extern size_t mw_heap_used (void);

/* sets the heap limit in bytes; 0 = none */
extern void mw_heap_setlimit (size_t limit);

struct lua_State;

/*
** 'mw_alloc' for callers inside a protected call: where there is not enough
** memory it does a full emergency collection, tries again, and then raises
** "not enough memory". Safe against being collected only for what the
** caller itself holds. Never used to free.
*/
extern void *mw_alloc_orfail (struct lua_State *L, void *block, size_t osize,
                              size_t nsize);

#endif
