/*
** smallmath.c
** Elementary functions without tables, for modules built for size (the C
** library's take 24 kB; a module built for speed uses those). Exponentials
** and logarithms are computed with about 70 bits and then rounded, so they
** are nearly always the float nearest to the true result.
*/

#if defined(MW_SMALL)

#include <math.h>
#include <stdint.h>
#include <string.h>


/*
** {==================================================================
** Numbers as sums of two floats, the second below the first's last bit
** ===================================================================
*/

typedef struct Pair {
  double h, l;
} Pair;


/* a + b, |a| >= |b| */
static Pair fastsum (double a, double b) {
  Pair r;
  r.h = a + b;
  r.l = b - (r.h - a);
  return r;
}


static Pair sum (double a, double b) {
  Pair r;
  double t;
  r.h = a + b;
  t = r.h - a;
  r.l = (a - (r.h - t)) + (b - t);
  return r;
}


/* a * b, exactly (halves of the factors have exact products) */
static Pair product (double a, double b) {
  const double split = 0x1p27 + 1;
  double t, ah, al, bh, bl;
  Pair r;
  t = a * split;
  ah = t - (t - a);
  al = a - ah;
  t = b * split;
  bh = t - (t - b);
  bl = b - bh;
  r.h = a * b;
  r.l = ((ah * bh - r.h) + ah * bl + al * bh) + al * bl;
  return r;
}


static Pair add (Pair a, Pair b) {
  Pair r = sum(a.h, b.h);
  return fastsum(r.h, r.l + (a.l + b.l));
}


static Pair mul (Pair a, Pair b) {
  Pair r = product(a.h, b.h);
  return fastsum(r.h, r.l + (a.h * b.l + a.l * b.h));
}


static Pair quotient (Pair a, Pair b) {
  double q = a.h / b.h;
  Pair p = product(q, b.h);
  return fastsum(q, ((a.h - p.h) - p.l + a.l - q * b.l) / b.h);
}


static Pair pair (double h) {
  Pair r;
  r.h = h;
  r.l = 0;
  return r;
}

/* }================================================================== */


static uint64_t bitsof (double x) {
  uint64_t b;
  memcpy(&b, &x, sizeof(b));
  return b;
}


static double fromint (uint64_t b) {
  double x;
  memcpy(&x, &b, sizeof(x));
  return x;
}


/* 2^n as a float, for -1022 <= n <= 1023 */
static double pow2 (int n) {
  return fromint((uint64_t)(n + 1023) << 52);
}


/*
** {==================================================================
** Logarithms
** ===================================================================
*/

/* ln 2; the first part has 42 bits: its product with an exponent is exact */
#define LN2H		0x1.62e42fefa38p-1
#define LN2L		0x1.ef35793c7673p-45

/* 1/ln 2 and 1/ln 10 */
static const Pair log2e = {0x1.71547652b82fep+0, 0x1.777d0ffda0d24p-56};
static const Pair log10e = {0x1.bcb7b1526e50ep-2, 0x1.95355baaafad3p-57};


/*
** 1/31, 1/29 ... 1/11, then pairs for 1/9 ... 1/3
*/
static const double logtail[] = {
  1.0/31, 1.0/29, 1.0/27, 1.0/25, 1.0/23, 1.0/21, 1.0/19, 1.0/17, 1.0/15,
  1.0/13, 1.0/11
};

static const Pair loghead[] = {
  {0x1.c71c71c71c71cp-4, 0x1.c71c71c71c71cp-58},
  {0x1.2492492492492p-3, 0x1.2492492492492p-57},
  {0x1.999999999999ap-3, -0x1.999999999999ap-57},
  {0x1.5555555555555p-2, 0x1.5555555555555p-56}
};


/*
** ln x for finite x > 0. x = m * 2^k with m near 1, and ln m is
** 2 (s + s^3/3 + s^5/5 ...) with s = (m - 1) / (m + 1).
*/
static Pair naturallog (double x) {
  int i, k = 0;
  double m, t;
  Pair s, z, p;
  if (x < 0x1p-1022) {  /* denormal? */
    x *= 0x1p54;
    k = -54;
  }
  k += (int)(bitsof(x) >> 52) - 1023;
  m = fromint((bitsof(x) & (((uint64_t)1 << 52) - 1)) |
              (uint64_t)1023 << 52);
  if (m > 0x1.6a09e667f3bcdp0) {  /* sqrt(2) */
    m /= 2;
    k++;
  }
  s = quotient(pair(m - 1), sum(m, 1));
  z = mul(s, s);
  t = 0;
  for (i = 0; i < 11; i++)
    t = t * z.h + logtail[i];
  p = pair(t);
  for (i = 0; i < 4; i++)
    p = add(mul(p, z), loghead[i]);
  p = mul(p, mul(z, s));
  p = add(p, s);
  p.h *= 2;
  p.l *= 2;
  return add(sum(k * LN2H, k * LN2L), p);
}


/* logarithm of any x, 'base' being 1 / ln(base) */
static double logarithm (double x, const Pair *base) {
  Pair r;
  if (!(x > 0))
    return (x == 0) ? -HUGE_VAL : (double)NAN;
  if (x > 0x1.fffffffffffffp1023)
    return x;
  r = naturallog(x);
  return (base != NULL) ? mul(r, *base).h : r.h;
}


double log (double x) {
  return logarithm(x, NULL);
}


double log2 (double x) {
  return logarithm(x, &log2e);
}


double log10 (double x) {
  return logarithm(x, &log10e);
}

/* }================================================================== */


/*
** {==================================================================
** Exponentials
** ===================================================================
*/

/* 1/18! ... 1/5!, then pairs for 1/4! ... 1 */
static const double exptail[] = {
  1.0/6402373705728000., 1.0/355687428096000., 1.0/20922789888000.,
  1.0/1307674368000., 1.0/87178291200., 1.0/6227020800.,
  1.0/479001600, 1.0/39916800, 1.0/3628800, 1.0/362880,
  1.0/40320, 1.0/5040, 1.0/720, 1.0/120
};

static const Pair exphead[] = {
  {0x1.5555555555555p-5, 0x1.5555555555555p-59},
  {0x1.5555555555555p-3, 0x1.5555555555555p-57},
  {0.5, 0}, {1, 0}, {1, 0}
};


/*
** e^x for |x| < 800. x = n ln 2 + r, and e^r is a power series.
*/
static double exponential (Pair x) {
  int i, n = (int)(x.h * 0x1.71547652b82fep+0 + (x.h < 0 ? -0.5 : 0.5));
  double t = 0;
  Pair r, p;
  r = add(sum(x.h - n * LN2H, -n * LN2L), pair(x.l));
  for (i = 0; i < 14; i++)
    t = t * r.h + exptail[i];
  p = pair(t);
  for (i = 0; i < 5; i++)
    p = add(mul(p, r), exphead[i]);
  /* by two steps, for 2^n may be no float (a sum is rounded but once) */
  i = n / 2;
  return (p.h * pow2(i)) * pow2(n - i);
}


double exp (double x) {
  if (x > 710)
    return x * 0x1p1023;  /* infinity, or NaN */
  if (x < -746)
    return 0;
  return (x == x) ? exponential(pair(x)) : x;
}


/* 1 if y is an odd integer, 0 if even, -1 if none */
static int parity (double y) {
  double a = fabs(y);
  if (a >= 0x1p53)
    return 0;
  if (a != (double)(int64_t)a)
    return -1;
  return (int)((int64_t)a & 1);
}


double pow (double x, double y) {
  double a = fabs(x);
  int odd = parity(y);
  double sign = (odd == 1 && signbit(x)) ? -1 : 1;
  double e;
  Pair l, p;
  if (y == 0 || x == 1)
    return 1;
  if (x != x || y != y)
    return x + y;
  if (a == 0 || a > 0x1.fffffffffffffp1023)
    return ((a == 0) == (y < 0)) ? sign * HUGE_VAL : sign * 0;
  if (fabs(y) > 0x1.fffffffffffffp1023)
    return (a == 1) ? 1 : ((a > 1) == (y > 0)) ? HUGE_VAL : 0;
  if (x < 0 && odd < 0)
    return (double)NAN;
  if (y == 0.5)
    return sqrt(x);
  l = naturallog(a);
  e = y * l.h;
  if (e > 710)
    return sign * HUGE_VAL;
  if (e < -746)
    return sign * 0;
  p = product(l.h, y);
  return sign * exponential(fastsum(p.h, p.l + l.l * y));
}

/* }================================================================== */


/*
** {==================================================================
** Trigonometric functions
** ===================================================================
*/

/* 2/pi: 64 zero bits, then as many digits as the largest float needs */
static const uint64_t twobypi[] = {
  0,
  0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041,
  0xfe5163abdebbc561, 0xb7246e3a424dd2e0, 0x06492eea09d1921c,
  0xfe1deb1cb129a73e, 0xe88235f52ebb4484, 0xe99c7026b45f7e41,
  0x3991d639835339f4, 0x9c845f8bbdf9283b, 0x1ff897ffde05980f,
  0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7, 0x4f463f669e5fea2d,
  0x7527bac7ebe5f17b, 0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08,
  0x56033046fc7b6bab, 0xf0cfbc209af4361d
};

static const Pair halfpi = {0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54};


/* 64 bits of 2/pi, from bit 'i' of the table on */
static uint64_t window (int i) {
  const uint64_t *w = &twobypi[i / 64];
  i %= 64;
  return (i == 0) ? w[0] : w[0] << i | w[1] >> (64 - i);
}


/*
** Brings |x| > pi/4 to -pi/4 ... pi/4. Returns the number of quarter turns
** taken off (its last two bits count). x = m * 2^e is multiplied with those
** digits of 2/pi that matter: the ones before make full turns.
*/
static int reduce (double x, Pair *r) {
  uint64_t m = bitsof(x);
  int i = (int)(m >> 52 & 0x7ff) - 1075 + 62;  /* e - 2, in the table */
  int q, n, negative;
  uint64_t high, low;
  unsigned __int128 p;
  m = (m & (((uint64_t)1 << 52) - 1)) | (uint64_t)1 << 52;
  p = (unsigned __int128)m * window(i + 128) >> 64;
  p += (unsigned __int128)m * window(i + 64);
  low = (uint64_t)p;
  high = (uint64_t)(p >> 64) + m * window(i);
  q = (int)(high >> 62);
  high = high << 2 | low >> 62;  /* fraction of a quarter turn */
  low <<= 2;
  negative = high >> 63 != 0;
  if (negative) {  /* nearer to the next one */
    q++;
    low = ~low;
    high = ~high;
  }
  n = (high != 0) ? __builtin_clzll(high) : 64 + __builtin_clzll(low | 1);
  if (n >= 64) {
    high = low << (n - 64);
    low = 0;
  }
  else if (n > 0) {
    high = high << n | low >> (64 - n);
    low <<= n;
  }
  r->h = (double)(int64_t)(high >> 11) * pow2(-53 - n);
  r->l = (double)(int64_t)((high & 0x7ff) << 42 | low >> 22) *
         pow2(-53 - 53 - n);
  *r = mul(*r, halfpi);
  if (negative != (x < 0)) {
    r->h = -r->h;
    r->l = -r->l;
  }
  return (x < 0) ? -q : q;
}


/* -1/19! +1/17! ... -1/3!, and +1/20! -1/18! ... +1/4! */
static const double sines[] = {
  -1.0/121645100408832000., 1.0/355687428096000., -1.0/1307674368000.,
  1.0/6227020800., -1.0/39916800, 1.0/362880,
  -1.0/5040, 1.0/120, -1.0/6
};

static const double cosines[] = {
  1.0/2432902008176640000., -1.0/6402373705728000., 1.0/20922789888000.,
  -1.0/87178291200., 1.0/479001600, -1.0/3628800,
  1.0/40320, -1.0/720, 1.0/24
};


static double series (double z, const double *c) {
  double t = 0;
  int i;
  for (i = 0; i < 9; i++)
    t = t * z + c[i];
  return t;
}


static double sinekernel (Pair r) {
  double z = r.h * r.h;
  return r.h + (r.h * z * series(z, sines) + r.l * (1 - z / 2));
}


static double cosinekernel (Pair r) {
  double z = r.h * r.h;
  double h = z / 2;
  double w = 1 - h;
  return w + (((1 - w) - h) + (z * z * series(z, cosines) - r.h * r.l));
}


/* sine of x plus that many quarter turns */
static double sine (double x, int quarters) {
  Pair r = pair(x);
  double s;
  if (!(fabs(x) <= 0x1.fffffffffffffp1023))
    return x - x;  /* NaN */
  if (fabs(x) > 0.7853981633974483)
    quarters += reduce(x, &r);
  s = (quarters & 1) ? cosinekernel(r) : sinekernel(r);
  return (quarters & 2) ? -s : s;
}


double sin (double x) {
  return (fabs(x) < 0x1p-26) ? x : sine(x, 0);
}


double cos (double x) {
  return sine(x, 1);
}


double tan (double x) {
  return sin(x) / cos(x);
}

/* }================================================================== */

#else

/* a translation unit may not be empty */
extern int mw_smallmath_unused;

#endif
