/*
** decimal.c
** Decimal digits of integers and floats, floats rounded exactly
*/

#include <stdint.h>
#include <string.h>

#include "decimal.h"


char *mw_digits (char *end, uint64_t v, unsigned int base, int upper) {
  const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";
  for (; v > UINT32_MAX; v /= base)
    *--end = set[v % base];
  uint32_t u = (uint32_t)v;
  if (base == 10)  /* engines divide by a constant with a multiplication */
    for (; u > 0; u /= 10)
      *--end = (char)('0' + u % 10);
  for (; u > 0; u /= base)
    *--end = set[u % base];
  return end;
}


#define MAXPOW5		27	/* 5^27 < 2^63 */


static uint64_t pow5 (int n) {
  uint64_t p = 1;
  while (n-- > 0)
    p *= 5;
  return p;
}


/*
** x = m * 2^e times 10^scale, rounded half to even, if that can be done in
** 128 bits; else returns 0. (0 is no result that a caller could use.)
*/
static uint64_t scaled (uint64_t m, int e, int scale) {
  unsigned __int128 p;
  uint64_t n, low, high;
  int rest = 0;
  int shift = -(e + scale) - 1;  /* leaves one bit behind the point */
  if (scale < 0 || scale > MAXPOW5 || shift < 0 || shift > 127)
    return 0;
  p = (unsigned __int128)m * pow5(scale);
  low = (uint64_t)p;
  high = (uint64_t)(p >> 64);
  if (shift >= 64) {
    rest = (low != 0);
    low = high;
    high = 0;
    shift -= 64;
  }
  n = low >> shift;
  if (high != 0) {
    if (high >> shift != 0)
      return 0;
    n |= high << (64 - shift);  /* (here shift > 0) */
  }
  if (n >> 62 != 0)
    return 0;
  if ((n & 1) && ((n & 2) || rest || n << shift != low))
    n++;
  return n >> 1;
}


static void setdigits (mw_Decimal *dec, uint64_t n, int scale) {
  char buff[24];
  char *end = buff + sizeof(buff);
  char *s = mw_digits(end, n, 10, 0);
  dec->n = (int)(end - s);
  dec->point = dec->n - scale;
  memcpy(dec->d, s, (size_t)dec->n);
}


/* largest power of 10 not above 2^e, or one less */
static int log10of (int e) {
  return (int)((e * 78913L) >> 18);  /* 78913 / 2^18 is log10(2) */
}


/*
** The usual case: few digits, numbers of a moderate size.
*/
static int shortdecimal (mw_Decimal *dec, uint64_t m, int e, mw_Rounding r) {
  uint64_t n, bound = 10;
  int i, scale;
  if (r.fixed) {
    n = scaled(m, e, r.digits);
    if (n == 0)
      return 0;
    setdigits(dec, n, r.digits);
    return 1;
  }
  if (r.digits > 17)
    return 0;
  for (i = 1; i < r.digits; i++)
    bound *= 10;
  scale = e + 64 - __builtin_clzll(m) - 1;  /* 2^scale <= x */
  scale = r.digits - 1 - log10of(scale);
  n = scaled(m, e, scale);
  if (n >= bound) {  /* one digit too many? (count again, from x itself) */
    n = scaled(m, e, --scale);
    if (n == bound) {
      n /= 10;
      scale--;
    }
  }
  if (n < bound / 10)
    return 0;
  setdigits(dec, n, scale);
  return 1;
}


/*
** {==================================================================
** All digits, with numbers in base 10^9. Limb POINT - 1 holds units.
** ===================================================================
*/

#define BASE		1000000000u
#define BASEDIGITS	9
#define POINT		36  /* 309 digits before the point */
#define NLIMBS		(POINT + 121)  /* 1074 digits behind it */
#define STEP		29  /* bits at a time: limb * 2^STEP fits 64 bits */


static void longdecimal (mw_Decimal *dec, uint64_t m, int e) {
  uint32_t x[NLIMBS];
  int first = POINT - 2, last = POINT;  /* limbs in use: [first, last) */
  int i;
  memset(x, 0, sizeof(x));
  x[POINT - 1] = (uint32_t)(m % BASE);
  x[POINT - 2] = (uint32_t)(m / BASE);
  while (e > 0) {
    int step = (e < STEP) ? e : STEP;
    uint64_t carry = 0;
    for (i = last - 1; i >= first; i--) {
      carry += (uint64_t)x[i] << step;
      x[i] = (uint32_t)(carry % BASE);
      carry /= BASE;
    }
    if (carry > 0)
      x[--first] = (uint32_t)carry;
    e -= step;
  }
  while (e < 0) {
    int step = (-e < STEP) ? -e : STEP;
    uint64_t rest = 0;
    for (i = first; i < last || rest > 0; i++) {
      rest = rest * BASE + x[i];
      x[i] = (uint32_t)(rest >> step);
      rest &= ((uint64_t)1 << step) - 1;
    }
    last = i;
    e += step;
  }
  while (x[first] == 0)
    first++;
  dec->n = 0;
  for (i = first; i < last; i++) {
    char *end = dec->d + dec->n + BASEDIGITS;
    char *s = mw_digits(end, x[i], 10, 0);
    if (i == first) {
      dec->n = (int)(end - s);
      memmove(dec->d, s, (size_t)dec->n);
      dec->point = dec->n + (POINT - 1 - i) * BASEDIGITS;
    }
    else {
      memset(end - BASEDIGITS, '0', (size_t)(s - (end - BASEDIGITS)));
      dec->n += BASEDIGITS;
    }
  }
}

/* }================================================================== */


/* rounds to 'keep' digits, half to even */
static void roundto (mw_Decimal *dec, int keep) {
  int up = 0, i;
  if (keep >= dec->n)
    return;
  if (keep >= 0) {
    int c = dec->d[keep];
    up = (c > '5');
    if (c == '5') {
      for (i = keep + 1; i < dec->n && dec->d[i] == '0'; i++) ;
      up = (i < dec->n) || (keep > 0 && (dec->d[keep - 1] & 1));
    }
  }
  dec->n = (keep > 0) ? keep : 0;
  if (!up)
    return;
  for (i = dec->n; i > 0 && dec->d[i - 1] == '9'; i--)
    dec->d[i - 1] = '0';
  if (i > 0)
    dec->d[i - 1]++;
  else {  /* all nines: 1 and zeros (one more than there were) */
    memmove(dec->d + 1, dec->d, (size_t)dec->n);
    dec->d[0] = '1';
    dec->n++;
    dec->point++;
  }
}


void mw_todecimal (mw_Decimal *dec, double x, mw_Rounding r) {
  uint64_t m;
  int e;
  memcpy(&m, &x, sizeof(m));
  e = (int)(m >> 52) & 0x7ff;
  m &= ((uint64_t)1 << 52) - 1;
  if (e != 0)
    m |= (uint64_t)1 << 52;
  else
    e = 1;  /* denormal (or zero) */
  e -= 1075;
  dec->n = 0;
  dec->point = 1;
  if (m == 0)
    return;
  if (!shortdecimal(dec, m, e, r)) {
    longdecimal(dec, m, e);
    roundto(dec, r.fixed ? dec->point + r.digits : r.digits);
  }
}
