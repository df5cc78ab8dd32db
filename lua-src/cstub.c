/*
** cstub.c
** What upstream's files want from the C library and a sandbox cannot give:
** no file opens, there is no environment and one locale. These functions
** keep the C library's stdio, locale and environment out of the module.
*/

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "imports.h"


/*
** {==================================================================
** Files. The only stream is 'stdin' (NULL), always at its end.
** ===================================================================
*/

#undef stdin
FILE *const stdin = NULL;


FILE *fopen (const char *name, const char *mode) {
  (void)name; (void)mode;
  errno = ENOSYS;
  return NULL;
}


FILE *freopen (const char *name, const char *mode, FILE *f) {
  (void)f;
  return fopen(name, mode);
}


int fclose (FILE *f) {
  (void)f;
  return 0;
}


int getc (FILE *f) {
  (void)f;
  return EOF;
}


int ungetc (int c, FILE *f) {
  (void)f;
  return c;
}


size_t fread (void *p, size_t size, size_t n, FILE *f) {
  (void)p; (void)size; (void)n; (void)f;
  return 0;
}


char *fgets (char *s, int n, FILE *f) {
  (void)s; (void)n; (void)f;
  return NULL;
}


int feof (FILE *f) {
  (void)f;
  return 1;
}


int ferror (FILE *f) {
  (void)f;
  return 0;
}

/* }================================================================== */


char *strerror (int e) {
  switch (e) {
    case ENOSYS: return (char *)"no file system";
    case EBADF: return (char *)"Bad file descriptor";
    case ESPIPE: return (char *)"Illegal seek";
    case ENOTSUP: return (char *)"no processes";
    default: return (char *)"Unknown error";
  }
}


char *getenv (const char *name) {
  (void)name;
  return NULL;
}


time_t time (time_t *t) {
  time_t now = (time_t)(js_time_now() / 1000);
  if (t != NULL)
    *t = now;
  return now;
}


_Noreturn void abort (void) {
  __builtin_trap();
}
