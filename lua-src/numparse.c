/*
** numparse.c
** 'strtod' without locale and long double: decimal and hexadecimal
** numerals, rounded exactly
*/

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>


#define MANTBITS	53
#define MINEXP		(-1074)  /* exponent of the least float's last bit */


/*
** m * 2^e, rounded half to even; 'sticky' tells that there is more below m.
** (m has its highest bit set, or is zero.)
*/
static double assemble (uint64_t m, int e, int sticky) {
  int drop = 64 - MANTBITS;  /* bits to be rounded off */
  uint64_t rest, half, bits;
  if (m == 0)
    return 0;
  if (e > 1024)
    return HUGE_VAL;
  if (e + drop < MINEXP)  /* denormal? */
    drop = MINEXP - e;
  if (drop > 64)
    return 0;
  half = (uint64_t)1 << (drop - 1);
  rest = (drop == 64) ? m : m & ((half << 1) - 1);
  m = (drop == 64) ? 0 : m >> drop;
  if (rest > half || (rest == half && (sticky || (m & 1))))
    m++;  /* (it may get one bit more, which is right below as well) */
  /* a denormal's field is 0, and m adds the first bit to it if it is there */
  bits = m + ((uint64_t)(e + drop - MINEXP) << (MANTBITS - 1));
  if (bits >= (uint64_t)0x7ff << (MANTBITS - 1))
    return HUGE_VAL;
  {
    double x;
    memcpy(&x, &bits, sizeof(x));
    return x;
  }
}


/* puts the highest bit of m to the top */
static double normalized (uint64_t m, int e, int sticky) {
  if (m != 0) {
    int n = __builtin_clzll(m);
    m <<= n;
    e -= n;
  }
  return assemble(m, e, sticky);
}


/*
** {==================================================================
** Exponents
** ===================================================================
*/

/* beyond all that matters, and far from overflow */
#define MAXEXP		100000000


/*
** Reads an exponent, if there is one (mark and at least one digit), and
** adds it to 'e'.
*/
static const char *readexponent (const char *s, int mark, int *e) {
  int negative = 0, n = 0;
  const char *p = s;
  if ((*p | 0x20) != mark)
    return s;
  p++;
  if (*p == '-' || *p == '+')
    negative = (*p++ == '-');
  if (*p < '0' || *p > '9')
    return s;
  for (; *p >= '0' && *p <= '9'; p++) {
    if (n < MAXEXP)
      n = n * 10 + (*p - '0');
  }
  *e += negative ? -n : n;
  return p;
}

/* }================================================================== */


/*
** {==================================================================
** Hexadecimal
** ===================================================================
*/

static int hexvalue (int c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  c |= 0x20;
  return (c >= 'a' && c <= 'f') ? c - 'a' + 10 : -1;
}


static double readhex (const char *s, const char **end) {
  uint64_t m = 0;
  int e = 0, sticky = 0, any = 0, point = 0;
  for (;; s++) {
    int d = hexvalue((unsigned char)*s);
    if (d < 0) {
      if (*s != '.' || point)
        break;
      point = 1;
      continue;
    }
    any = 1;
    if (m >> 60 == 0)
      m = m << 4 | (uint64_t)d;
    else {
      sticky |= d;
      if (e < MAXEXP) e += 4;
    }
    if (point && e > -MAXEXP) e -= 4;
  }
  if (any) {
    *end = readexponent(s, 'p', &e);
    if (e < -MAXEXP / 2) e = -MAXEXP / 2;
    if (e > MAXEXP / 2) e = MAXEXP / 2;
    return normalized(m, e, sticky);
  }
  return 0;
}

/* }================================================================== */


/*
** {==================================================================
** Decimal, in general: the number in base 10^9 is scaled by powers of two
** until its integer part holds all bits that matter, in two limbs.
** ===================================================================
*/

#define BASE		1000000000u
#define BASEDIGITS	9

/*
** No point half-way between two floats has more digits than that; of
** digits behind them it only matters whether one is not zero.
*/
#define MAXDIGITS	(768 + BASEDIGITS)

/* exponents beyond give infinity and zero, whatever the digits (0.d1d2...) */
#define MAXPOINT	310
#define MINPOINT	(-330)

/* limbs in front of the point, and behind it */
#define POINT		36
#define NLIMBS		(POINT + 37 + MAXDIGITS / BASEDIGITS + 2)

#define STEP		29

/* digits of a numeral, not zero, of value 0.d1d2d3... times 10^point */
typedef struct Digits {
  const char *s;  /* first digit that is not zero */
  int n;  /* how many to read, at most MAXDIGITS */
  int sticky;  /* is a digit behind them not zero? */
  int point;
} Digits;


/* one limb of digits after the other */
static int readlimbs (uint32_t *x, const Digits *dg, int place) {
  const char *s = dg->s;
  int i;
  for (i = dg->n; i > 0; s++) {
    if (*s != '.') {
      uint32_t *limb = &x[place / BASEDIGITS];
      *limb = *limb * 10 + (uint32_t)(*s - '0');
      place++;
      i--;
    }
  }
  for (; place % BASEDIGITS != 0; place++)
    x[place / BASEDIGITS] *= 10;
  return place / BASEDIGITS;
}


static double general (const Digits *dg) {
  uint32_t x[NLIMBS];
  uint64_t m;
  int sticky = dg->sticky;
  int e = 0;  /* the value is x * 2^e */
  int first, last, i;  /* limbs in use: [first, last) */
  if (dg->point > MAXPOINT)
    return HUGE_VAL;
  if (dg->point < MINPOINT)
    return 0;
  memset(x, 0, sizeof(x));
  i = POINT * BASEDIGITS - dg->point;  /* place of the first digit */
  first = i / BASEDIGITS;
  last = readlimbs(x, dg, i);
  /* more than 2 limbs? 2^58 and more are left; what falls behind sticks */
  while (first < POINT - 2) {
    int step = (first < POINT - 3) ? STEP : 32 - __builtin_clz(x[first]);
    uint64_t rest = 0;
    for (i = first; i < POINT; i++) {
      rest = rest * BASE + x[i];
      x[i] = (uint32_t)(rest >> step);
      rest &= ((uint64_t)1 << step) - 1;
    }
    sticky |= (rest != 0);
    e += step;
    while (x[first] == 0)
      first++;
  }
  for (;;) {
    int step = STEP;
    uint64_t carry = 0;
    m = (uint64_t)x[POINT - 2] * BASE + x[POINT - 1];
    if (m >> STEP != 0)
      step = __builtin_clzll(m) - 5;  /* to 59 bits, which fit 2 limbs */
    if (step <= 0 || last <= POINT)  /* enough bits, or no fraction? */
      break;
    for (i = last - 1; i >= first || carry > 0; i--) {
      carry += (uint64_t)x[i] << step;
      x[i] = (uint32_t)(carry % BASE);
      carry /= BASE;
    }
    first = i + 1;
    while (last > POINT && x[last - 1] == 0)
      last--;
    e -= step;
  }
  for (i = POINT; i < last; i++)
    sticky |= (x[i] != 0);
  return normalized(m, e, sticky);
}

/* }================================================================== */


/*
** {==================================================================
** Decimal
** ===================================================================
*/

/* digits that fit 64 bits */
#define SHORTDIGITS	19

/* largest power of 10 that is a float */
#define MAXPOW10	22


static double readdecimal (const char *s, const char **end) {
  Digits dg;
  uint64_t m = 0;
  int any = 0, seenpoint = 0;
  int exp = 0;
  memset(&dg, 0, sizeof(dg));
  for (;; s++) {
    int d = *s - '0';
    if (d < 0 || d > 9) {
      if (*s != '.' || seenpoint)
        break;
      seenpoint = 1;
      continue;
    }
    any = 1;
    if (d != 0 && dg.s == NULL)
      dg.s = s;
    if (dg.s == NULL)  /* leading zero? */
      dg.point -= seenpoint;
    else {
      if (dg.n < MAXDIGITS)
        dg.n++;
      else
        dg.sticky |= d;
      if (dg.n <= SHORTDIGITS)
        m = m * 10 + (uint64_t)d;
      if (!seenpoint && dg.point < MAXEXP)
        dg.point++;
    }
  }
  if (!any)
    return 0;
  *end = readexponent(s, 'e', &dg.point);
  if (dg.s == NULL)
    return 0;
  exp = dg.point - dg.n;
  if (dg.n <= SHORTDIGITS && m >> MANTBITS == 0 &&
      exp >= -MAXPOW10 && exp <= MAXPOW10) {  /* one rounding is exact */
    double p = 1, x = (double)m;
    int n = (exp < 0) ? -exp : exp;
    while (n-- > 0)
      p *= 10;
    return (exp < 0) ? x / p : x * p;
  }
  return general(&dg);
}

/* }================================================================== */


/*
** The C library's function, but for infinities and NaNs, which no numeral
** of Lua stands for.
*/
double strtod (const char *s, char **endptr) {
  const char *p = s;
  const char *end = s;
  double x = 0;
  int negative = 0;
  while (*p == ' ' || (*p >= '\t' && *p <= '\r'))
    p++;
  if (*p == '-' || *p == '+')
    negative = (*p++ == '-');
  if (p[0] == '0' && (p[1] | 0x20) == 'x')
    x = readhex(p + 2, &end);
  if (end == s)
    x = readdecimal(p, &end);
  if (endptr != NULL)
    *endptr = (char *)(size_t)end;
  return (negative && end != s) ? -x : x;
}
