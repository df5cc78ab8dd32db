/*
** alloc.c
** In place of lua-src/pool.c in native tests: every block is one of
** malloc's, so that the address sanitizer sees each misuse
*/

#include <stdlib.h>
#include <string.h>

#include "lua.h"

#include "ldo.h"
#include "lgc.h"
#include "lmem.h"
#include "lstate.h"

#include "pool.h"

static size_t used;
static size_t limit = SIZE_MAX;

/* requests for more memory so far, and which of them fail (0: none) */
unsigned long long alloc_count;
unsigned long long alloc_fail_from;
unsigned long long alloc_fail_to;


void *mw_alloc (void *ud, void *block, size_t osize, size_t nsize) {
  void *p;
  (void)ud;
  if (block == NULL) osize = 0;
  if (nsize == 0) {
    free(block);
    used -= osize;
    return NULL;
  }
  if (nsize > osize) {
    if (nsize - osize > limit - (used < limit ? used : limit))
      return NULL;
    alloc_count++;
    if (alloc_count >= alloc_fail_from && alloc_count <= alloc_fail_to)
      return NULL;
  }
  p = malloc(nsize);  /* always moves */
  if (p == NULL) return NULL;
  if (block != NULL) {
    memcpy(p, block, osize < nsize ? osize : nsize);
    free(block);
  }
  used += nsize - osize;
  return p;
}


size_t mw_heap_used (void) { return used; }

void mw_heap_setlimit (size_t l) { limit = (l == 0) ? SIZE_MAX : l; }


void *mw_alloc_orfail (lua_State *L, void *block, size_t osize,
                       size_t nsize) {
  void *p = mw_alloc(NULL, block, osize, nsize);
  if (p == NULL) {
    global_State *g = G(L);
    if (completestate(g) && !g->gcstopem) {
      luaC_fullgc(L, 1);
      p = mw_alloc(NULL, block, osize, nsize);
    }
    if (p == NULL) luaM_error(L);
  }
  return p;
}
