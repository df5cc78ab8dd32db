/*
** cstring.c
** Small versions of C library functions that are not worth their size in
** the library's: what is searched here is short, but for 'memchr'
*/

#include <stddef.h>
#include <stdint.h>
#include <string.h>


char *strchr (const char *s, int c) {
  for (; *s != (char)c; s++) {
    if (*s == '\0')
      return NULL;
  }
  return (char *)(size_t)s;
}


size_t strcspn (const char *s, const char *set) {
  const char *p = s;
  while (*p != '\0' && strchr(set, *p) == NULL)
    p++;
  return (size_t)(p - s);
}


size_t strspn (const char *s, const char *set) {
  const char *p = s;
  while (*p != '\0' && strchr(set, *p) != NULL)
    p++;
  return (size_t)(p - s);
}


char *strpbrk (const char *s, const char *set) {
  s += strcspn(s, set);
  return (*s != '\0') ? (char *)(size_t)s : NULL;
}


char *strstr (const char *s, const char *sub) {
  size_t l = strlen(sub);
  for (; strncmp(s, sub, l) != 0; s++) {
    if (*s == '\0')
      return NULL;
  }
  return (char *)(size_t)s;
}


char *strcpy (char *to, const char *from) {
  memcpy(to, from, strlen(from) + 1);
  return to;
}


char *strcat (char *to, const char *from) {
  strcpy(to + strlen(to), from);
  return to;
}


#define ONES		0x0101010101010101u
#define HIGHS		0x8080808080808080u

/*
** Eight bytes at a time: 'string.find' searches whole subjects with it.
*/
void *memchr (const void *s, int c, size_t n) {
  const unsigned char *p = (const unsigned char *)s;
  uint64_t pattern = ONES * (unsigned char)c;
  for (; n >= 8; p += 8, n -= 8) {
    uint64_t x;
    memcpy(&x, p, 8);
    x ^= pattern;
    if ((x - ONES) & ~x & HIGHS)
      break;
  }
  for (; n > 0; p++, n--) {
    if (*p == (unsigned char)c)
      return (void *)(size_t)p;
  }
  return NULL;
}
