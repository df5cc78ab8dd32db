/*
** bridge.c
** Runs a Lua program as a task of the bridge (docs/bridge.md), compiled for
** this machine, where sanitizers watch it: with slices as short as they can
** be, and with host functions that wait, call back and fail. The program
** gets them as arguments: wait, echo, back, raise (see 'js_call').
*/

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bridge/bridge.h"


/* the exports in use */
extern int init (void);
extern unsigned char *get_buffer_ptr (void);
extern unsigned char *reserve_buffer (size_t len);
extern void set_chunk_name (const char *s, size_t l);
extern int call (uint32_t f, const unsigned char *p, size_t n,
                 unsigned int flags);
extern int task_start (uint32_t f, const unsigned char *p, size_t n,
                       unsigned int flags);
extern int task_resume (uint32_t id, const unsigned char *p, size_t n,
                        unsigned int flags);
extern int release_handle (uint32_t id, uint32_t count);
extern void set_slice (uint32_t steps);


/*
** {==================================================================
** Imports: a clock, and four host functions
** ===================================================================
*/

enum { WAIT = 1, ECHO, BACK, RAISE };

typedef struct Bytes {
  unsigned char *p;
  size_t n;
} Bytes;

/* arguments of the call that waits: its results, too */
static Bytes waiting;

static Bytes copy (const void *p, size_t n) {
  Bytes b;
  b.p = (unsigned char *)malloc(n + 1);
  if (b.p == NULL)
    abort();
  memcpy(b.p, p, n);
  b.n = n;
  return b;
}


static unsigned int u32 (const unsigned char *p) {
  unsigned int v;
  memcpy(&v, p, sizeof(v));
  return v;
}


static unsigned char *put (const void *p, size_t n) {
  unsigned char *to = reserve_buffer(n);
  if (to == NULL)
    abort();
  memcpy(to, p, n);
  return to;
}


double js_time_now (void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}


/*
** wait(...) gives its arguments back later; echo(...) at once; back(f, ...)
** calls f with the rest; raise(e) raises it. Of an object, each operation
** gives the number of its bytes of arguments.
*/
int js_call (unsigned int op, unsigned int id, const void *args,
             unsigned int len, unsigned int task) {
  Bytes b = copy(args, len);
  int res = (int)len;
  if (op != MW_OP_CALL) {
    unsigned char number[9] = {2, 0, 0, 0, 0, 0, 0, 0, 0};
    number[1] = (unsigned char)len;
    put(number, sizeof(number));
    res = sizeof(number);
  }
  else if (id == WAIT) {
    if (task != 0) {
      free(waiting.p);
      waiting = copy(b.p, b.n);
    }
    res = MW_ANS_WAIT;
  }
  else if (id == ECHO)
    put(b.p, b.n);
  else if (id == RAISE) {
    put(b.p, b.n);
    res = MW_ANS_ERRORHERE;
  }
  else {  /* back: the function is a handle of 6 bytes */
    unsigned int f = (b.n >= 6 && b.p[0] == MW_TAG_REF) ? u32(b.p + 2) : 0;
    unsigned char *p = put(b.p + 6, (b.n >= 6) ? b.n - 6 : 0);
    int n = call(f, p, (b.n >= 6) ? b.n - 6 : 0, 0);
    unsigned char *r = get_buffer_ptr();
    release_handle(f, 1);
    if (n < 9)
      abort();
    if (r[0] == MW_REC_FINISHED) {
      memmove(r, r + 9, (size_t)n - 9);
      res = n - 9;
    }
    else {  /* "message" comes first in the table of the error */
      size_t at = 9 + 1 + 5 + 5 + strlen("message");
      memmove(r, r + at, (size_t)n - at);
      res = MW_ANS_ERROR;
    }
  }
  free(b.p);
  return res;
}


void js_release (unsigned int id, unsigned int count) {
  if (id == 0 || count == 0)
    abort();
}

/* }================================================================== */


static unsigned char *addnumber (unsigned char *p, unsigned int v) {
  memcpy(p, &v, 4);
  return p + 4;
}


static unsigned char *addfunction (unsigned char *p, unsigned int id) {
  *p++ = MW_TAG_HOST;
  p = addnumber(p, id);
  *p++ = 1;  /* a function */
  p = addnumber(p, 1);
  *p++ = "?werx"[id];
  return p;
}


static Bytes readfile (const char *path) {
  Bytes b = {NULL, 0};
  FILE *f = fopen(path, "rb");
  size_t n;
  if (f == NULL) {
    fprintf(stderr, "bridge: cannot open %s\n", path);
    exit(2);
  }
  do {
    b.p = (unsigned char *)realloc(b.p, b.n + 4096);
    if (b.p == NULL)
      abort();
    n = fread(b.p + b.n, 1, 4096, f);
    b.n += n;
  } while (n > 0);
  fclose(f);
  return b;
}


/* does the record's result start with "ok"? */
static int isok (const unsigned char *r, int n) {
  static const unsigned char ok[] = {4, 2, 0, 0, 0, 'o', 'k'};
  size_t at = 9 + u32(r + 5);
  return r[0] == MW_REC_FINISHED && (size_t)n >= at + sizeof(ok) &&
         memcmp(r + at, ok, sizeof(ok)) == 0;
}


int main (int argc, char **argv) {
  Bytes text;
  unsigned char *record, *p;
  char name[300];
  unsigned int id, pauses = 0, waits = 0;
  int n;
  if (argc != 2 || init() != 0) {
    fprintf(stderr, "usage: bridge FILE.lua\n");
    return 2;
  }
  text = readfile(argv[1]);
  snprintf(name, sizeof(name), "@%s", argv[1]);
  set_chunk_name(name, strlen(name));
  set_slice(1);
  p = record = (unsigned char *)malloc(text.n + 100);
  *p++ = 4;
  p = addnumber(p, (unsigned int)text.n);
  memcpy(p, text.p, text.n);
  p += text.n;
  for (id = WAIT; id <= RAISE; id++)
    p = addfunction(p, id);
  *p++ = MW_TAG_HOST;  /* an object */
  p = addnumber(p, 99);
  *p++ = 0;
  p = addnumber(p, 1);
  *p++ = 'T';
  n = task_start(0, put(record, (size_t)(p - record)),
                 (size_t)(p - record), 0);
  free(record);
  free(text.p);
  for (;;) {
    const unsigned char *r = get_buffer_ptr();
    unsigned int task;
    if (n < 9)
      abort();
    task = u32(r + 1);
    fwrite(r + 9, 1, u32(r + 5), stdout);
    if (r[0] == MW_REC_SLICED) {
      pauses++;
      n = task_resume(task, NULL, 0, 0);
    }
    else if (r[0] == MW_REC_WAITS) {
      Bytes b = waiting;
      waiting.p = NULL;
      waits++;
      n = task_resume(task, put(b.p, b.n), b.n, 0);
      free(b.p);
    }
    else {
      int good = isok(r, n);
      printf("%s: %u pauses, %u waits\n", argv[1], pauses, waits);
      if (!good) {
        fwrite(r, 1, (size_t)n, stderr);
        fprintf(stderr, "\nbridge: status %d\n", r[0]);
      }
      return !good;
    }
  }
}
