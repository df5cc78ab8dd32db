/*
** host.c
** Runs a Lua program in the runtime as compiled for this machine, where
** the compiler's sanitizers watch it: a host as ABI.md describes it
*/

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "imports.h"


/* the exports in use; a host knows them by ABI.md alone */
extern int init (void);
extern int compute (const char *s, size_t l);
extern unsigned char *get_buffer_ptr (void);
extern int get_last_error (void);
extern void set_chunk_name (const char *s, size_t l);
extern void set_limits (unsigned int heap, int64_t instructions);


/* what a program may use: a module has 4 GiB at most, this machine may not */
#define HEAPLIMIT	(512u << 20)

/* seconds after which a program counts as hanging */
#define TIMELIMIT	120


/*
** {==================================================================
** Imports
** ===================================================================
*/

typedef struct Bytes {
  unsigned char *data;
  unsigned int len;
} Bytes;

typedef struct Entry {
  unsigned int id;
  Bytes key;
  Bytes value;
} Entry;

/* all stored tables in one list, in insertion order */
static Entry *entries = NULL;
static size_t nentries = 0;


static void *checked (void *p) {
  if (p == NULL) {
    fprintf(stderr, "host: no memory\n");
    exit(2);
  }
  return p;
}


static Bytes copy (const void *data, unsigned int len) {
  Bytes b;
  b.data = (unsigned char *)checked(malloc(len + 1u));
  memcpy(b.data, data, len);
  b.len = len;
  return b;
}


static Entry *find (unsigned int id, const void *key, unsigned int klen) {
  size_t i;
  for (i = 0; i < nentries; i++) {
    Entry *e = &entries[i];
    if (e->id == id && e->key.len == klen && memcmp(e->key.data, key, klen) == 0)
      return e;
  }
  return NULL;
}


static void removeentry (size_t i) {
  free(entries[i].key.data);
  free(entries[i].value.data);
  nentries--;
  memmove(&entries[i], &entries[i + 1], (nentries - i) * sizeof(Entry));
}


double js_time_now (void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}


int js_ext_table_set (unsigned int id, const void *key, unsigned int klen,
                      const void *val, unsigned int vlen) {
  Entry *e = find(id, key, klen);
  if (e != NULL)
    free(e->value.data);
  else {
    entries = (Entry *)checked(realloc(entries, (nentries + 1) * sizeof(Entry)));
    e = &entries[nentries++];
    e->id = id;
    e->key = copy(key, klen);
  }
  e->value = copy(val, vlen);
  return 0;
}


int js_ext_table_get (unsigned int id, const void *key, unsigned int klen,
                      void *val, unsigned int max) {
  const Entry *e = find(id, key, klen);
  if (e == NULL)
    return -1;
  memcpy(val, e->value.data, e->value.len < max ? e->value.len : max);
  return (int)e->value.len;
}


int js_ext_table_delete (unsigned int id, const void *key, unsigned int klen) {
  const Entry *e = find(id, key, klen);
  if (e != NULL)
    removeentry((size_t)(e - entries));
  return 0;
}


int js_ext_table_size (unsigned int id) {
  size_t i;
  int n = 0;
  for (i = 0; i < nentries; i++)
    n += (entries[i].id == id);
  return n;
}


/* writes what fits of 'len' bytes at offset 'at' of a buffer of 'max' */
static size_t put (unsigned char *to, unsigned int max, size_t at,
                   const void *data, size_t len) {
  if (at < max)
    memcpy(to + at, data, len < max - at ? len : max - at);
  return at + len;
}


int js_ext_table_keys (unsigned int id, void *buf, unsigned int max) {
  unsigned int count = (unsigned int)js_ext_table_size(id);
  size_t i, at = put((unsigned char *)buf, max, 0, &count, sizeof(count));
  for (i = 0; i < nentries; i++) {
    const Bytes *key = &entries[i].key;
    if (entries[i].id == id) {
      at = put((unsigned char *)buf, max, at, &key->len, sizeof(key->len));
      at = put((unsigned char *)buf, max, at, key->data, key->len);
    }
  }
  return (int)at;
}


int js_ext_table_drop (unsigned int id) {
  size_t i;
  for (i = nentries; i > 0; i--) {
    if (entries[i - 1].id == id)
      removeentry(i - 1);
  }
  return 0;
}

/* }================================================================== */


static char *readall (const char *path, size_t *len) {
  FILE *f = fopen(path, "rb");
  char *text;
  long size;
  if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0) {
    fprintf(stderr, "host: cannot read %s\n", path);
    exit(2);
  }
  rewind(f);
  text = (char *)checked(malloc((size_t)size + 1));
  *len = fread(text, 1, (size_t)size, f);
  fclose(f);
  return text;
}


/*
** True if the record's values are "ok" and a positive integer, the number
** of checks: a program that ended early has proved nothing.
*/
static int endedwell (const unsigned char *record, size_t len) {
  static const unsigned char ok[] = {0x04, 2, 0, 0, 0, 'o', 'k', 0x02};
  unsigned int outlen;
  long long checks;
  memcpy(&outlen, record, sizeof(outlen));
  if (len == 4 + (size_t)outlen + sizeof(ok) + sizeof(checks) &&
      memcmp(record + 4 + outlen, ok, sizeof(ok)) == 0) {
    memcpy(&checks, record + len - sizeof(checks), sizeof(checks));
    if (checks > 0)
      return 1;
  }
  printf("expected \"ok\" and a number of checks\n");
  return 0;
}


int main (int argc, char **argv) {
  const char *slash;
  char name[512];
  size_t len;
  char *text;
  int n;
  if (argc != 2) {
    fprintf(stderr, "usage: %s FILE.lua\n", argv[0]);
    return 2;
  }
  text = readall(argv[1], &len);
  if (init() != 0) {
    fprintf(stderr, "host: init failed\n");
    return 2;
  }
  slash = strrchr(argv[1], '/');
  n = snprintf(name, sizeof(name), "@tests/lua/%s", slash != NULL ? slash + 1 : argv[1]);
  set_chunk_name(name, (size_t)n);
  set_limits(HEAPLIMIT, 0);
  alarm(TIMELIMIT);
  n = compute(text, len);
  free(text);
  if (n < 0) {
    printf("%.*s\n", -(n + 1), (const char *)get_buffer_ptr());
    n = get_last_error();  /* its traceback stands in it as text */
    fwrite(get_buffer_ptr(), 1, (size_t)n, stdout);
    printf("\n");
    return 1;
  }
  return endedwell(get_buffer_ptr(), (size_t)n) ? 0 : 1;
}
