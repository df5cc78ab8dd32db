/*
** buffer.c
** Growing byte buffers, and the I/O buffer that module and host share
*/

#include "buffer.h"
#include "pool.h"


/* lengths cross the module's border as i32 */
#define MAXCAP		((size_t)0x7fffffff)

#define MINCAP		64

mw_Buffer mw_io;


/*
** Capacity to grow to: twice the old one, at least what is needed, 0 if
** that is more than can be.
*/
static size_t newcap (const mw_Buffer *b, size_t extra) {
  size_t need, cap;
  if (extra > MAXCAP - b->n)
    return 0;
  need = b->n + extra;
  cap = (b->cap < MAXCAP / 2) ? b->cap * 2 : MAXCAP;
  if (cap < MINCAP) cap = MINCAP;
  return (cap < need) ? need : cap;
}


static void grown (mw_Buffer *b, void *data, size_t cap) {
  b->data = (unsigned char *)data;
  b->cap = cap;
}


MW_RARE int mw_buf_tryreserve (mw_Buffer *b, size_t extra) {
  size_t cap;
  void *data;
  if (extra <= b->cap - b->n)
    return 1;
  cap = newcap(b, extra);
  if (cap == 0)
    return 0;
  data = mw_alloc(NULL, b->data, b->cap, cap);
  if (data == NULL && cap > b->n + extra) {  /* try without slack */
    cap = b->n + extra;
    data = mw_alloc(NULL, b->data, b->cap, cap);
  }
  if (data == NULL)
    return 0;
  grown(b, data, cap);
  return 1;
}


unsigned char *mw_buf_reserve (lua_State *L, mw_Buffer *b, size_t extra) {
  if (extra > b->cap - b->n && !mw_buf_tryreserve(b, extra)) {
    size_t cap = (extra <= MAXCAP - b->n) ? b->n + extra : SIZE_MAX;
    grown(b, mw_alloc_orfail(L, b->data, b->cap, cap), cap);
  }
  return b->data + b->n;
}


void mw_buf_add (lua_State *L, mw_Buffer *b, const void *p, size_t n) {
  if (n > 0) {
    memcpy(mw_buf_reserve(L, b, n), p, n);
    b->n += n;
  }
}


void mw_buf_addnumber (lua_State *L, mw_Buffer *b, uint64_t v, int size) {
  unsigned char *p = mw_buf_reserve(L, b, size);
  b->n += size;
  while (size--) {
    *p++ = (unsigned char)v;
    v >>= 8;
  }
}


void mw_buf_addu8 (lua_State *L, mw_Buffer *b, unsigned int v) {
  mw_buf_addnumber(L, b, v, 1);
}


void mw_buf_addu16 (lua_State *L, mw_Buffer *b, unsigned int v) {
  mw_buf_addnumber(L, b, v, 2);
}


void mw_buf_addu32 (lua_State *L, mw_Buffer *b, size_t v) {
  mw_buf_addnumber(L, b, v, 4);
}


void mw_buf_addu64 (lua_State *L, mw_Buffer *b, uint64_t v) {
  mw_buf_addnumber(L, b, v, 8);
}


void mw_buf_free (mw_Buffer *b) {
  mw_alloc(NULL, b->data, b->cap, 0);
  memset(b, 0, sizeof(*b));
}


void mw_io_trim (void) {
  mw_io.n = 0;
  if (mw_io.cap > MW_IO_KEEP)
    grown(&mw_io, mw_alloc(NULL, mw_io.data, mw_io.cap, MW_IO_MIN),
          MW_IO_MIN);
}


void mw_buf_shrink (mw_Buffer *b, size_t keep) {
  b->n = 0;
  if (b->cap > keep)
    mw_buf_free(b);
}
