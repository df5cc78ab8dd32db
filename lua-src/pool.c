/*
** pool.c
** Lua's allocator: size classes over malloc, bytes counted, heap limit
*/

#include <stdlib.h>
#include <string.h>

#include "lua.h"

#include "ldo.h"
#include "lgc.h"
#include "lmem.h"
#include "lstate.h"

#include "pool.h"


/*
** Blocks up to MAXSMALL bytes come from free lists, one for each multiple
** of GRAIN. Lua tells a block's size when it frees it, so blocks carry no
** headers. Free small blocks stay in their lists.
*/
#define GRAIN		8
#define MAXSMALL	256
#define NCLASSES	(MAXSMALL / GRAIN)

#define issmall(s)	((s) <= MAXSMALL)
#define class(s)	(((s) - 1) / GRAIN)
#define classsize(c)	(((c) + 1) * (size_t)GRAIN)

/* bytes taken from malloc at a time, to be cut into small blocks */
#define SLABSIZE	8192

typedef union Free {
  union Free *next;
  double align;
} Free;

static Free *freelists[NCLASSES];
static char *slab;  /* part of the current slab not cut yet... */
static size_t slableft;  /* ...and its size */

static size_t used;
static size_t limit = SIZE_MAX;


static void putsmall (void *block, size_t c) {
  Free *f = (Free *)block;
  f->next = freelists[c];
  freelists[c] = f;
}


static void *getsmall (size_t c) {
  Free *f = freelists[c];
  size_t size = classsize(c);
  char *p;
  if (f != NULL) {
    freelists[c] = f->next;
    return f;
  }
  if (slableft < size) {
    p = (char *)malloc(SLABSIZE);
    if (p == NULL)
      return NULL;
    if (slableft > 0)  /* rest fits a smaller class */
      putsmall(slab, class(slableft));
    slab = p;
    slableft = SLABSIZE;
  }
  p = slab;
  slab += size;
  slableft -= size;
  return p;
}


static void freeblock (void *block, size_t size) {
  if (issmall(size))
    putsmall(block, class(size));
  else
    free(block);
}


static void *resize (void *block, size_t osize, size_t nsize) {
  void *newblock;
  if (!issmall(osize) && !issmall(nsize))
    return realloc(block, nsize);
  if (issmall(osize) && issmall(nsize) && class(osize) == class(nsize))
    return block;
  newblock = issmall(nsize) ? getsmall(class(nsize)) : malloc(nsize);
  if (newblock == NULL)
    return NULL;
  memcpy(newblock, block, osize < nsize ? osize : nsize);
  freeblock(block, osize);
  return newblock;
}


void *mw_alloc (void *ud, void *block, size_t osize, size_t nsize) {
  void *newblock;
  (void)ud;
  if (block == NULL)
    osize = 0;  /* it was a type */
  if (nsize == 0) {
    if (osize > 0) {
      freeblock(block, osize);
      used -= osize;
    }
    return NULL;
  }
  if (nsize > osize && (used > limit || nsize - osize > limit - used))
    return NULL;
  if (osize > 0)
    newblock = resize(block, osize, nsize);
  else
    newblock = issmall(nsize) ? getsmall(class(nsize)) : malloc(nsize);
  if (newblock == NULL) {
    if (nsize > osize)
      return NULL;
    newblock = block;  /* shrinking may not fail; some bytes are lost */
  }
  used += nsize - osize;
  return newblock;
}


size_t mw_heap_used (void) {
  return used;
}


/*
** A limit below what is in use lets nothing grow until enough is freed.
*/
void mw_heap_setlimit (size_t l) {
  limit = (l == 0) ? SIZE_MAX : l;
}


void *mw_alloc_orfail (lua_State *L, void *block, size_t osize,
                       size_t nsize) {
  void *newblock = mw_alloc(NULL, block, osize, nsize);
  if (newblock == NULL) {
    global_State *g = G(L);
    if (completestate(g) && !g->gcstopem) {
      luaC_fullgc(L, 1);
      newblock = mw_alloc(NULL, block, osize, nsize);
    }
    if (newblock == NULL)
      luaM_error(L);
  }
  return newblock;
}
