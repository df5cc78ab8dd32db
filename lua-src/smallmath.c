/*
** smallmath.c
** Elementary functions without tables, for modules built for size (the C
** library's take 24 kB; a module built for speed uses those). Exponentials
** and logarithms are computed with about 70 bits and then rounded, so they
** are nearly always the float nearest to the true result; angles are less
** than 0.75 units in the last place off, sines and cosines 0.9.
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


/* r = a + b, |a| >= |b| */
static void fastsum (Pair *r, double a, double b) {
  double h = a + b;
  r->l = b - (h - a);
  r->h = h;
}


static void sum (Pair *r, double a, double b) {
  double h = a + b;
  double t = h - a;
  r->l = (a - (h - t)) + (b - t);
  r->h = h;
}


/* r = a * b, exactly (halves of the factors have exact products) */
static void product (Pair *r, double a, double b) {
  const double split = 0x1p27 + 1;
  double t, ah, al, bh, bl;
  t = a * split;
  ah = t - (t - a);
  al = a - ah;
  t = b * split;
  bh = t - (t - b);
  bl = b - bh;
  r->h = a * b;
  r->l = ((ah * bh - r->h) + ah * bl + al * bh) + al * bl;
}


static void set (Pair *r, double h) {
  r->h = h;
  r->l = 0;
}


/* r += b */
static void add (Pair *r, const Pair *b) {
  double l = r->l + b->l;
  sum(r, r->h, b->h);
  fastsum(r, r->h, r->l + l);
}


/* r -= b */
static void subtract (Pair *r, const Pair *b) {
  Pair negative;
  negative.h = -b->h;
  negative.l = -b->l;
  add(r, &negative);
}


/* r *= b */
static void mul (Pair *r, const Pair *b) {
  double l = r->h * b->l + r->l * b->h;
  product(r, r->h, b->h);
  fastsum(r, r->h, r->l + l);
}


/* r = r * x^n + c[0] * x^(n-1) + ... c[n-1] */
static void addseries (Pair *r, const Pair *x, const Pair *c, int n) {
  for (; n > 0; n--) {
    mul(r, x);
    add(r, c++);
  }
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


/* 1/9 ... 1/3 */
static const Pair loghead[] = {
  {0x1.c71c71c71c71cp-4, 0x1.c71c71c71c71cp-58},
  {0x1.2492492492492p-3, 0x1.2492492492492p-57},
  {0x1.999999999999ap-3, -0x1.999999999999ap-57},
  {0x1.5555555555555p-2, 0x1.5555555555555p-56}
};


/*
** ln x for finite x > 0. x = m * 2^k with m near 1, and ln m is
** 2 (s + s^3/3 + s^5/5 ... s^31/31) with s = (m - 1) / (m + 1).
*/
static void naturallog (double x, Pair *r) {
  int n, k = 0;
  double m, t = 0;
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
  sum(&z, m, 1);
  s.h = (m - 1) / z.h;
  product(&p, s.h, z.h);
  fastsum(&s, s.h, ((m - 1 - p.h) - p.l - s.h * z.l) / z.h);
  z = s;
  mul(&z, &s);
  for (n = 31; n > 9; n -= 2)
    t = t * z.h + 1.0 / n;
  set(&p, t);
  addseries(&p, &z, loghead, 4);
  mul(&z, &s);
  mul(&p, &z);
  add(&p, &s);
  p.h *= 2;
  p.l *= 2;
  sum(r, k * LN2H, k * LN2L);
  add(r, &p);
}


/* logarithm of any x, 'base' being 1 / ln(base) */
static double logarithm (double x, const Pair *base) {
  Pair r;
  if (!(x > 0))
    return (x == 0) ? -HUGE_VAL : (double)NAN;
  if (x > 0x1.fffffffffffffp1023)
    return x;
  naturallog(x, &r);
  if (base != NULL)
    mul(&r, base);
  return r.h;
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

/* 1/4! ... 1 */
static const Pair exphead[] = {
  {0x1.5555555555555p-5, 0x1.5555555555555p-59},
  {0x1.5555555555555p-3, 0x1.5555555555555p-57},
  {0.5, 0}, {1, 0}, {1, 0}
};


/*
** e^x for |x| < 800. x = n ln 2 + r, and e^r is a power series up to
** r^18/18!.
*/
static double exponential (const Pair *x) {
  int i, n = (int)(x->h * 0x1.71547652b82fep+0 + (x->h < 0 ? -0.5 : 0.5));
  double t = 1;
  Pair r, p;
  sum(&r, x->h - n * LN2H, -n * LN2L);
  set(&p, x->l);
  add(&r, &p);
  for (i = 18; i > 5; i--)
    t = t * r.h / i + 1;
  set(&p, t / 120);
  addseries(&p, &r, exphead, 5);
  /* by two steps, for 2^n may be no float (a sum is rounded but once) */
  i = n / 2;
  return (p.h * pow2(i)) * pow2(n - i);
}


double exp (double x) {
  Pair p;
  if (x > 710)
    return x * 0x1p1023;  /* infinity, or NaN */
  if (x < -746)
    return 0;
  set(&p, x);
  return (x == x) ? exponential(&p) : x;
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
  naturallog(a, &l);
  e = y * l.h;
  if (e > 710)
    return sign * HUGE_VAL;
  if (e < -746)
    return sign * 0;
  product(&p, l.h, y);
  fastsum(&p, p.h, p.l + l.l * y);
  return sign * exponential(&p);
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
  mul(r, &halfpi);
  if (negative != (x < 0)) {
    r->h = -r->h;
    r->l = -r->l;
  }
  return (x < 0) ? -q : q;
}


/*
** 1 - z/(4*5) (1 - z/(6*7) (1 - ...)) for an even 'n', what a sine's series
** up to r^19/19! has in common with r^3/6 at its beginning; the cosine's,
** with r^4/24, for an odd one.
*/
static double series (double z, int n) {
  double t = 1;
  for (; n > 3; n -= 2)
    t = 1 - t * z / (n * (n + 1));
  return t;
}


/* both for |r| <= pi/4; 'to' may be 'r' */
static void sinekernel (Pair *to, const Pair *r) {
  double z = r->h * r->h;
  fastsum(to, r->h, r->h * z * (series(z, 18) / -6) + r->l * (1 - z / 2));
}


static void cosinekernel (Pair *to, const Pair *r) {
  double z = r->h * r->h;
  double h = z / 2;
  double w = 1 - h;
  fastsum(to, w, ((1 - w) - h) +
                 (z * z * (series(z, 19) / 24) - r->h * r->l));
}


/* sine of x plus that many quarter turns */
static double sine (double x, int quarters) {
  Pair r;
  if (!(fabs(x) <= 0x1.fffffffffffffp1023))
    return x - x;  /* NaN */
  set(&r, x);
  if (fabs(x) > 0.7853981633974483)
    quarters += reduce(x, &r);
  if (quarters & 1)
    cosinekernel(&r, &r);
  else
    sinekernel(&r, &r);
  return (quarters & 2) ? -r.h : r.h;
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


/*
** {==================================================================
** Angles
** ===================================================================
*/

/*
** Sets r to the angle, 0 to pi/2, whose tangent is y/x: a guess within
** 0.004, and what is missing, whose tangent is small.
*/
static void angle (Pair *r, const Pair *y, const Pair *x) {
  Pair s, c;
  double guess, z;
  const Pair *large = (y->h > x->h) ? y : x;
  const Pair *small = (large == x) ? y : x;
  z = small->h / large->h;
  guess = z * (1.0584 - 0.273 * z);
  set(r, guess);
  sinekernel(&s, r);
  cosinekernel(&c, r);
  z = large->h * c.h + small->h * s.h;
  mul(&c, small);
  mul(&s, large);
  subtract(&c, &s);
  z = c.h / z;
  fastsum(r, guess, z - z * z * z * (1.0 / 3 - z * z / 5));
  if (large == y) {  /* it is the other one of the triangle */
    s = *r;
    *r = halfpi;
    subtract(r, &s);
  }
}


/* 'r' for x >= 0, pi - r for x < 0 */
static double halfturn (const Pair *r, double x) {
  Pair pi = halfpi;
  if (!signbit(x))
    return r->h;
  add(&pi, &halfpi);
  subtract(&pi, r);
  return pi.h;
}


double atan2 (double y, double x) {
  double a = fabs(y), b = fabs(x);
  double m = (a > b) ? a : b;
  Pair r;
  if (x != x || y != y)
    return x + y;
  if (m > 0x1.fffffffffffffp1023) {  /* what is finite is nothing */
    a = (a == m);
    b = (b == m);
  }
  if (a <= b * 0x1p-30)
    set(&r, (m == 0) ? 0 : a / b);
  else if (b <= a * 0x1p-60)
    r = halfpi;
  else {
    Pair u, v;
    double scale = (m > 0x1p500) ? 0x1p-600 : (m < 0x1p-400) ? 0x1p600 : 1;
    set(&u, a * scale);
    set(&v, b * scale);
    angle(&r, &u, &v);  /* exact products */
  }
  return copysign(halfturn(&r, x), y);
}


/* r = sqrt(1 - x*x) */
static void cathetus (Pair *r, double x) {
  Pair p;
  double h;
  set(r, 1);
  product(&p, x, x);
  subtract(r, &p);
  h = sqrt(r->h);
  if (h > 0) {
    product(&p, h, h);
    subtract(r, &p);
    fastsum(r, h, r->h / (2 * h));
  }
}


/* arc sine (acos = 0) or arc cosine (acos = 1) */
static double arc (double x, int acos) {
  Pair r, a, c;
  set(&a, fabs(x));
  if (!(a.h <= 1))
    return (double)NAN;
  cathetus(&c, x);
  if (acos) {
    angle(&r, &c, &a);
    return halfturn(&r, x);
  }
  if (a.h < 0x1p-27)
    return x;
  angle(&r, &a, &c);
  return copysign(r.h, x);
}


double asin (double x) {
  return arc(x, 0);
}


double acos (double x) {
  return arc(x, 1);
}

/* }================================================================== */


/* the remainder of the division of magnitudes, with the sign of 'x' */
double fmod (double x, double y) {
  double a = fabs(x), b = fabs(y);
  double t = b;
  if (x - x != 0 || !(b > 0))
    return (double)NAN;
  while (t <= a / 2)
    t += t;
  for (; ; t /= 2) {  /* a < 2t, all differences are exact */
    if (a >= t)
      a -= t;
    if (t == b)
      return copysign(a, x);
  }
}

#else

/* a translation unit may not be empty */
extern int mw_smallmath_unused;

#endif
