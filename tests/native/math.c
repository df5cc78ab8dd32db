/*
** math.c
** Measures the errors of the runtime's own elementary functions against the
** C library's in long double. Usage: math [rounds]; prints the largest error
** of each in units in the last place; exit status 1 if one is too large or
** a special value is wrong.
*/

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


#define MW_SMALL
#define log	mw_log
#define log2	mw_log2
#define log10	mw_log10
#define exp	mw_exp
#define pow	mw_pow
#define sin	mw_sin
#define cos	mw_cos
#define tan	mw_tan
#define asin	mw_asin
#define acos	mw_acos
#define atan2	mw_atan2
#define fmod	mw_fmod
#include "../../lua-src/smallmath.c"
#undef log
#undef log2
#undef log10
#undef exp
#undef pow
#undef sin
#undef cos
#undef tan
#undef asin
#undef acos
#undef atan2
#undef fmod

static uint64_t state = 7;
static int failures;


static uint64_t rnd (void) {
  uint64_t z = (state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}


static double anydouble (void) {
  double x;
  do x = fromint(rnd()); while (x != x || x - x != 0);
  return x;
}


static double between (double a, double b) {
  return a + (b - a) * ((double)(rnd() >> 11) * 0x1p-53);
}


static double error (double got, long double expected) {
  double e = (double)expected;
  long double unit;
  if (got != got || e != e)
    return (got != got && e != e) ? 0 : HUGE_VAL;
  if (e - e != 0 || got - got != 0)
    return (got == e || (got - got != 0 && fabsl(expected) > 0x1.fffffffffffffp1023L)) ? 0 : HUGE_VAL;
  unit = nextafter(fabs(e), HUGE_VAL) - fabs(e);
  if (unit - unit != 0) unit = 0x1p971L;
  return (double)(fabsl((long double)got - expected) / unit);
}


static void report (const char *name, double max, double limit) {
  printf("%-14s %.4f\n", name, max);
  if (!(max <= limit)) {
    fprintf(stderr, "%s: error %g is above %g\n", name, max, limit);
    failures++;
  }
}


static void special (const char *what, double got, double expected) {
  if (!(memcmp(&got, &expected, sizeof(got)) == 0 ||
        (got != got && expected != expected))) {
    fprintf(stderr, "%s: got %a, expected %a\n", what, got, expected);
    failures++;
  }
}

#define S(e)	special(#e, mw_##e, e)


static void specials (void) {
  static const double v[] = {0.0, -0.0, 1, -1, 2, -2, 3, -3, 0.5, -0.5, 1.5,
    HUGE_VAL, -HUGE_VAL, NAN, 0x1p53, -0x1p53, 0x1p53 + 2, 1e300, -1e300,
    5e-324, -5e-324, 0x1p-1022, 1e-300};
  const int n = (int)(sizeof(v) / sizeof(v[0]));
  char what[100];
  int i, j;
  for (i = 0; i < n; i++) {
    for (j = 0; j < n; j++) {
      sprintf(what, "pow(%a, %a)", v[i], v[j]);
      special(what, mw_pow(v[i], v[j]), pow(v[i], v[j]));
      sprintf(what, "atan2(%a, %a)", v[i], v[j]);
      special(what, mw_atan2(v[i], v[j]), atan2(v[i], v[j]));
      sprintf(what, "fmod(%a, %a)", v[i], v[j]);
      special(what, mw_fmod(v[i], v[j]), fmod(v[i], v[j]));
    }
    sprintf(what, "log(%a)", v[i]);
    special(what, mw_log(v[i]), log(v[i]));
    special(what, mw_log2(v[i]), log2(v[i]));
    special(what, mw_log10(v[i]), log10(v[i]));
    sprintf(what, "exp(%a)", v[i]);
    special(what, mw_exp(v[i]), exp(v[i]));
    sprintf(what, "asin/acos(%a)", v[i]);
    if (fabs(v[i]) != 0.5) {
      special(what, mw_asin(v[i]), asin(v[i]));
      special(what, mw_acos(v[i]), acos(v[i]));
    }
    sprintf(what, "sin/cos/tan(%a)", v[i]);
    if (!(fabs(v[i]) >= 0.5) || fabs(v[i]) > 1e308) {
      special(what, mw_sin(v[i]), sin(v[i]));
      special(what, mw_cos(v[i]), cos(v[i]));
      special(what, mw_tan(v[i]), tan(v[i]));
    }
  }
  for (i = -1074; i < 1024; i++) {
    S(log2(ldexp(1, i)));
    S(pow(2, i));
  }
  for (i = 0; i <= 22; i++) {
    S(pow(10, i));
    S(log10(pow(10, i)));
  }
  for (i = 0; i < 300; i++)
    for (j = 0; j < 8; j++)
      if (pow(i, j) < 0x1p53) S(pow(i, j));
}


#define MEASURE(f,x,limit) do { \
  double max = 0; \
  for (i = 0; i < rounds; i++) { \
    double a = (x); \
    double e = error(mw_##f(a), f##l(a)); \
    if (e > max) max = e; \
  } \
  report(#f " " #x, max, limit); } while (0)


int main (int argc, char **argv) {
  long i, rounds = (argc > 1) ? atol(argv[1]) : 200000;
  double max = 0;
  specials();
  MEASURE(log, fabs(anydouble()), 0.51);
  MEASURE(log, between(0.5, 2), 0.51);
  MEASURE(log2, fabs(anydouble()), 0.51);
  MEASURE(log2, between(0.9, 1.1), 0.51);
  MEASURE(log10, fabs(anydouble()), 0.51);
  MEASURE(exp, between(-745, 710), 0.51 + 0.5);  /* denormals: twice */
  MEASURE(exp, between(-700, 709), 0.51);
  MEASURE(exp, between(-1, 1), 0.51);
  MEASURE(sin, anydouble(), 0.9);
  MEASURE(sin, between(-10, 10), 0.9);
  MEASURE(cos, anydouble(), 0.9);
  MEASURE(cos, between(-10, 10), 0.9);
  MEASURE(tan, anydouble(), 2.5);
  MEASURE(tan, between(-1.5, 1.5), 2.5);
  for (i = 0; i < rounds; i++) {
    double x = fabs(anydouble()), y, e;
    if (rnd() % 2) x = between(0.5, 2);
    y = between(-1000, 1000) / log2(x);
    e = error(mw_pow(x, y), powl(x, y));
    if (e > max) max = e;
  }
  report("pow", max, 0.53);
  MEASURE(asin, between(-1, 1), 0.75);
  MEASURE(asin, ldexp(between(-1, 1), -(int)(rnd() % 40)), 0.75);
  MEASURE(asin, 1 - ldexp(between(0, 1), -(int)(rnd() % 50)), 0.75);
  MEASURE(acos, between(-1, 1), 0.75);
  MEASURE(acos, 1 - ldexp(between(0, 1), -(int)(rnd() % 50)), 0.75);
  MEASURE(acos, anydouble(), 0.75);
  for (max = 0, i = 0; i < rounds; i++) {
    double y = anydouble(), x = anydouble(), e;
    if (rnd() % 2) y = between(-2, 2), x = between(-2, 2);
    if (rnd() % 4 == 0) x = ldexp(y, (int)(rnd() % 130) - 65);
    e = error(mw_atan2(y, x), atan2l(y, x));
    if (e > max) max = e;
  }
  report("atan2", max, 0.75);
  for (i = 0; i < rounds; i++) {
    double x = anydouble(), y = anydouble();
    if (rnd() % 2) y = ldexp(between(1, 2), ilogb(x) - (int)(rnd() % 60));
    if (rnd() % 4 == 0) y = fromint(rnd() >> (12 + rnd() % 52));
    special("fmod", mw_fmod(x, y), fmod(x, y));
  }
  return failures > 0;
}
