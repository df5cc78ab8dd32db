/*
** numbers.c
** Compares the runtime's number formatting and parsing with the C library's
** on random and on awkward values. Usage: numbers [rounds]; exit status 1
** with the first differences printed if there are any.
*/

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* the runtime's own, under names that do not clash with the C library's */
#define snprintf	mw_snprintf
#define vsnprintf	mw_vsnprintf
#define strtod		mw_strtod
#include "../../lua-src/decimal.c"
#include "../../lua-src/numfmt.c"
#undef BASE
#undef BASEDIGITS
#undef POINT
#undef NLIMBS
#undef STEP
#include "../../lua-src/numparse.c"
#undef snprintf
#undef vsnprintf
#undef strtod

static uint64_t state = 42;
static int failures;


static uint64_t rnd (void) {
  uint64_t z = (state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}


static double frombits (uint64_t b) {
  double x;
  memcpy(&x, &b, sizeof(x));
  return x;
}


static void fail (const char *what, const char *got, const char *expected) {
  if (failures++ < 20)
    fprintf(stderr, "%s: got '%s', expected '%s'\n", what, got, expected);
}


static void checkformat (const char *fmt, double x) {
  char got[2000], expected[2000], what[100];
  int n = mw_snprintf(got, sizeof(got), fmt, x);
  int m = snprintf(expected, sizeof(expected), fmt, x);
  if (n != m || strcmp(got, expected) != 0) {
    sprintf(what, "\"%s\" of %a", fmt, x);
    fail(what, got, expected);
  }
}


static void checkparse (const char *s) {
  char *gotend, *expectedend;
  double got = mw_strtod(s, &gotend);
  double expected = strtod(s, &expectedend);
  if (memcmp(&got, &expected, sizeof(got)) != 0 || gotend != expectedend) {
    char a[100], b[100];
    sprintf(a, "%a, %d read", got, (int)(gotend - s));
    sprintf(b, "%a, %d read", expected, (int)(expectedend - s));
    fail(s, a, b);
  }
}


static double randomdouble (void) {
  switch (rnd() % 6) {
    case 0: return frombits(rnd());
    case 1: return (double)(int64_t)rnd();
    case 2: return (double)(int64_t)(rnd() % 2000000) / 1000;
    case 3: return (double)(rnd() >> (rnd() % 64)) * pow(10, (int)(rnd() % 40) - 20);
    case 4: return (double)(rnd() % 1000000000) / (double)(1 + rnd() % 1000);
    /* half-way cases */
    default: return ((double)(rnd() % 100000) + 0.5) / (double)(1 << (rnd() % 20));
  }
}


static void formatone (double x) {
  static const char *const fixed[] = {
    "%.14g", "%.15g", "%.16g", "%.17g", "%g", "%f", "%e", "%.0f", "%.1f",
    "%.2f", "%.3f", "%5.1f", "%.0e", "%#.0f", "%#g", "%a", "%A", "%+g",
    "% .3e", "%-30.10gx", "%030.10g", "%.99f", "%.40g", "%.60e"
  };
  static const char flags[] = "-+ #0";
  static const char convs[] = "aAeEfFgG";
  char fmt[32], *p = fmt;
  size_t i;
  if (x != x)
    return;  /* no sign here: differs on purpose */
  for (i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
    if (i < 4 || rnd() % 4 == 0)
      checkformat(fixed[i], x);
  *p++ = '%';
  for (i = 0; i < 5; i++)
    if (rnd() % 4 == 0) *p++ = flags[i];
  if (rnd() % 2) p += sprintf(p, "%d", 1 + (int)(rnd() % 99));
  if (rnd() % 2) p += sprintf(p, ".%d", (int)(rnd() % 100));
  *p++ = convs[rnd() % 8];
  *p = '\0';
  checkformat(fmt, x);
}


static void parseone (double x) {
  char s[2000];
  int n, i;
  if (x != x || x - x != 0)
    return;
  sprintf(s, "%.*g", 1 + (int)(rnd() % 20), x);
  checkparse(s);
  sprintf(s, "%.17g", x);
  checkparse(s);
  sprintf(s, "%a", x);
  checkparse(s);
  if (rnd() % 16 == 0) {  /* exactly half-way to the next float, and beside */
    uint64_t b;
    long double half;
    memcpy(&b, &x, sizeof(b));
    half = ((long double)x + (long double)frombits(b + 1)) / 2;
    sprintf(s, "%.1100Lf", half);
    checkparse(s);
    n = (int)strlen(s);
    s[n - 1] = '1';
    checkparse(s);
    sprintf(s, "%.1100Le", half);
    checkparse(s);
  }
  if (rnd() % 16 == 0) {  /* random numerals */
    n = 1 + (int)(rnd() % 900);
    for (i = 0; i < n; i++)
      s[i] = (char)('0' + rnd() % 10);
    if (rnd() % 2) s[rnd() % (unsigned)n] = '.';
    sprintf(s + n, "e%d", (int)(rnd() % 800) - 400 - (int)(rnd() % 2) * n);
    checkparse(s);
  }
  if (rnd() % 16 == 0) {
    n = sprintf(s, "0x");
    for (i = (int)(rnd() % 40); i >= 0; i--)
      n += sprintf(s + n, "%x", (unsigned)(rnd() % 16));
    s[n++] = '.';
    for (i = (int)(rnd() % 40); i > 0; i--)
      n += sprintf(s + n, "%X", (unsigned)(rnd() % 16));
    sprintf(s + n, "p%d", (int)(rnd() % 2400) - 1200);
    checkparse(s);
  }
}


static void checkints (void) {
  static const char *const fmts[] = {
    "%lld", "%5lld", "%-25lldx", "%025lld", "%+lld", "% lld", "%.10lld",
    "%30.10lld", "%llu", "%llx", "%#llX", "%#llo", "%llo", "%.0lld", "%#.5llx",
    "%+.0lld", "%#.3llo", "%#020llx"
  };
  char got[200], expected[200];
  size_t i;
  int j;
  for (i = 0; i < sizeof(fmts) / sizeof(fmts[0]); i++) {
    for (j = 0; j < 200; j++) {
      long long v = (long long)(j == 0 ? 0 : rnd() >> (rnd() % 64));
      if (j == 1) v = INT64_MIN;
      mw_snprintf(got, sizeof(got), fmts[i], v);
      snprintf(expected, sizeof(expected), fmts[i], v);
      if (strcmp(got, expected) != 0)
        fail(fmts[i], got, expected);
    }
  }
}


static void checkothers (void) {
  static const char *const numerals[] = {
    "", " ", "+", "-", ".", "e5", ".e1", "0x", "0xg", "0x.", "0x.p1", "0x1p",
    "0x1p+", "1e", "1e+", "1e-x", "-0", "+0.0", " \t\n12", "1.", ".5", "1..2",
    "0x.8", "0X1.8P1", "1e400", "-1e400", "1e-400", "4.9e-324", "2.4e-324",
    "2.5e-324", "1.7976931348623157e308", "1.7976931348623159e308",
    "2.2250738585072011e-308", "2.2250738585072014e-308", "1e23", "8.5e22",
    "9007199254740993", "9007199254740992.99999", "0x1p-1074", "0x1p-1075",
    "0x1.8p-1075", "0x1p1024", "0x1.fffffffffffff8p1023", "0e999999999999",
    "1e999999999999", "1e-999999999999", "0x1p99999999999", "5e-324x"
  };
  char got[200], expected[200];
  size_t i;
  for (i = 0; i < sizeof(numerals) / sizeof(numerals[0]); i++)
    checkparse(numerals[i]);
#define CHECK(...) \
  (mw_snprintf(got, sizeof(got), __VA_ARGS__), \
   snprintf(expected, sizeof(expected), __VA_ARGS__), \
   strcmp(got, expected) != 0 ? fail(#__VA_ARGS__, got, expected) : (void)0)
  CHECK("a%%b%s|%10s|%-10s|%.2s|%c|%5c|%-5c|", "x", "yz", "yz", "abc", 'c', 'd', 'e');
  CHECK("%d %i %u %x", -5, 7, 9u, 255u);
  CHECK("%*d|%-*d|%.*f", 6, 42, 6, 42, 3, 2.0);
  CHECK("%hd %ld %zu", (short)3, 4L, (size_t)5);
  if (mw_snprintf(got, 4, "%d", 123456) != 6 || strcmp(got, "123") != 0)
    fail("short buffer", got, "123");
}


int main (int argc, char **argv) {
  long i, rounds = (argc > 1) ? atol(argv[1]) : 200000;
  checkints();
  checkothers();
  for (i = 0; i < 1100; i++) {
    formatone(ldexp(1, (int)i));
    formatone(ldexp(1, -(int)i));
    parseone(ldexp(1, -(int)i));
    formatone(pow(10, (double)(i % 309)));
    formatone(9.9999999999999999 * pow(10, (double)(i % 309)));
  }
  formatone(0.0);
  formatone(-0.0);
  formatone(INFINITY);
  formatone(-INFINITY);
  for (i = 0; i < rounds; i++) {
    double x = randomdouble();
    formatone((rnd() & 1) ? x : -x);
    parseone(x);
  }
  if (failures > 0)
    fprintf(stderr, "%d differences\n", failures);
  return failures > 0;
}
