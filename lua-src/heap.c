/*
** heap.c
** malloc over linear memory, for blocks larger than the pool's: neighbours
** are merged, free chunks are found by size class, memory only grows
*/

#if defined(__wasm__)

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>


/*
** A chunk starts with its size (a multiple of 8) and two flags. When it is
** free, links of its class follow, and its last word is its size again, so
** that the chunk behind it finds its start. Chunks start 4 bytes before a
** multiple of 8, where their blocks start. A region of memory ends with a
** head of size 0.
*/
typedef struct Chunk {
  uint32_t head;
  struct Chunk *next;
  struct Chunk *prev;
} Chunk;

#define INUSE		1u  /* this chunk */
#define PREVINUSE	2u  /* the one before it */
#define FLAGS		7u

#define HEAD		sizeof(uint32_t)
#define MINCHUNK	16
#define MAXBLOCK	0x7ff00000u
#define PAGE		65536u
#define MAXPAGES	65535u  /* one less than there could be: addresses end */

#define size(c)		((c)->head & ~FLAGS)
#define at(c,n)		((Chunk *)((char *)(c) + (n)))
#define block(c)	((void *)((char *)(c) + HEAD))
#define chunkof(p)	((Chunk *)((char *)(p) - HEAD))

/* what lies before a chunk, if that is free */
#define before(c)	at(c, -(ptrdiff_t)((uint32_t *)(c))[-1])

/* four classes for each power of 2 from MINCHUNK on */
#define NCLASSES	(28 * 4)

static Chunk *classes[NCLASSES];
static uint64_t nonempty[2];  /* a bit for each class */

static char *top;  /* end of the region that grows; NULL before the first */

extern unsigned char __heap_base;


static unsigned int classof (uint32_t n) {
  unsigned int log = 31 - (unsigned int)__builtin_clz(n);
  return (log - 4) * 4 + (n >> (log - 2) & 3);
}


static void detach (Chunk *c) {
  if (c->next != NULL)
    c->next->prev = c->prev;
  if (c->prev != NULL)
    c->prev->next = c->next;
  else {
    unsigned int i = classof(size(c));
    classes[i] = c->next;
    if (c->next == NULL)
      nonempty[i / 64] &= ~((uint64_t)1 << i % 64);
  }
}


/* makes a free chunk of 'n' bytes at 'c', merged with its neighbours */
static void release (Chunk *c, uint32_t n) {
  Chunk *next = at(c, n);
  unsigned int i;
  if (!(next->head & INUSE)) {
    detach(next);
    n += size(next);
  }
  if (!(c->head & PREVINUSE)) {
    c = before(c);
    detach(c);
    n += size(c);
  }
  c->head = n | PREVINUSE;  /* (no two free chunks are neighbours) */
  next = at(c, n);
  ((uint32_t *)next)[-1] = n;
  next->head &= ~PREVINUSE;
  i = classof(n);
  c->prev = NULL;
  c->next = classes[i];
  if (c->next != NULL)
    c->next->prev = c;
  classes[i] = c;
  nonempty[i / 64] |= (uint64_t)1 << i % 64;
}


/* takes the chunk of 'have' bytes at 'c' into use, but for what is too much */
static void take (Chunk *c, uint32_t have, uint32_t n) {
  if (have - n >= MINCHUNK) {
    c->head = n | INUSE | (c->head & PREVINUSE);
    at(c, n)->head = PREVINUSE;
    release(at(c, n), have - n);
  }
  else {
    c->head = have | INUSE | (c->head & PREVINUSE);
    at(c, have)->head |= PREVINUSE;
  }
}


/*
** Gets more pages. They join the region that ends at 'top', unless the host
** has grown the memory in between.
*/
static int grow (uint32_t n) {
  size_t old = __builtin_wasm_memory_size(0);
  size_t want = (n + PAGE - 1) / PAGE;
  size_t more = (want > old / 8) ? want : old / 8;
  Chunk *c;
  if (old + more > MAXPAGES ||
      __builtin_wasm_memory_grow(0, more) == (size_t)-1) {
    more = want;
    if (old + more > MAXPAGES ||
        __builtin_wasm_memory_grow(0, more) == (size_t)-1)
      return 0;
  }
  n = (uint32_t)(more * PAGE);
  if (top == (char *)(old * PAGE))
    c = at(top, -(ptrdiff_t)HEAD);  /* the region's last head */
  else {
    c = (Chunk *)(old * PAGE + HEAD);
    c->head = PREVINUSE;
    n -= 2 * HEAD;
  }
  top = (char *)((old + more) * PAGE);
  at(c, n)->head = INUSE;
  release(c, n);
  return 1;
}


/* the memory behind the program's data is the first region */
static void start (void) {
  size_t base = ((size_t)&__heap_base + 7) & ~(size_t)7;
  size_t end = __builtin_wasm_memory_size(0) * PAGE;
  top = (char *)end;
  if (end - base >= MINCHUNK + 2 * HEAD) {
    Chunk *c = (Chunk *)(base + HEAD);
    c->head = PREVINUSE;
    at(c, end - base - 2 * HEAD)->head = INUSE;
    release(c, end - base - 2 * HEAD);
  }
  else
    top++;  /* nothing there: not to be continued */
}


/* a free chunk of at least 'n' bytes, out of its class, or NULL */
static Chunk *find (uint32_t n) {
  unsigned int i = classof(n);
  int tries = 8;
  Chunk *c;
  uint64_t set;
  for (c = classes[i]; c != NULL && tries > 0; c = c->next, tries--) {
    if (size(c) >= n)
      goto found;
  }
  i++;  /* all chunks of the classes above are large enough */
  set = (i < 64) ? nonempty[0] >> i : 0;
  if (set == 0) {
    if (i < 64)
      i = 64;
    set = nonempty[1] >> (i - 64);
    if (set == 0)
      return NULL;
  }
  c = classes[i + (unsigned int)__builtin_ctzll(set)];
 found:
  detach(c);
  return c;
}


static uint32_t chunksize (size_t n) {
  n = (n + HEAD + 7) & ~(size_t)7;
  return (n < MINCHUNK) ? MINCHUNK : (uint32_t)n;
}


void *malloc (size_t n) {
  Chunk *c;
  uint32_t need;
  if (n > MAXBLOCK)
    return NULL;
  if (top == NULL)
    start();
  need = chunksize(n);
  c = find(need);
  if (c == NULL) {
    /* (a chunk of that size may be too deep in its class to be found) */
    if (!grow(need + 2 * HEAD))
      return NULL;
    c = find(need);
    if (c == NULL)
      return NULL;
  }
  take(c, size(c), need);
  return block(c);
}


void free (void *p) {
  if (p != NULL) {
    Chunk *c = chunkof(p);
    release(c, size(c));
  }
}


void *realloc (void *p, size_t n) {
  Chunk *c, *next;
  uint32_t have, need;
  void *newp;
  if (p == NULL)
    return malloc(n);
  if (n > MAXBLOCK)
    return NULL;
  c = chunkof(p);
  next = at(c, size(c));
  need = chunksize(n);
  have = size(c);
  if (need > have && !(next->head & INUSE) && have + size(next) >= need) {
    detach(next);
    have += size(next);
  }
  if (need <= have) {
    take(c, have, need);
    return p;
  }
  newp = malloc(n);
  if (newp != NULL) {
    memcpy(newp, p, have - HEAD);
    free(p);
  }
  return newp;
}


void *calloc (size_t n, size_t s) {
  void *p = (s != 0 && n > MAXBLOCK / s) ? NULL : malloc(n * s);
  if (p != NULL)
    memset(p, 0, n * s);
  return p;
}

#else

/* a translation unit may not be empty */
extern int mw_heap_unused;

#endif
