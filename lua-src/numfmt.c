/*
** numfmt.c
** 'snprintf' without stdio, locale and long double. Floats are rounded
** exactly, to any precision.
*/

#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "decimal.h"


/* flags of a conversion */
#define F_LEFT		1	/* '-' */
#define F_SIGN		2	/* '+' */
#define F_SPACE		4	/* ' ' */
#define F_ALT		8	/* '#' */
#define F_ZERO		16	/* '0' */
#define F_UPPER		32	/* conversion in upper case */

typedef struct Out {
  char *p;
  size_t size;  /* room, with that for the final zero */
  size_t n;  /* length of everything, also of what has no room */
} Out;

typedef struct Spec {
  int flags;
  int width;
  int prec;  /* < 0 if absent */
} Spec;


/*
** {==================================================================
** Output
** ===================================================================
*/

static void put (Out *o, const char *s, size_t l) {
  if (o->n < o->size)
    memcpy(o->p + o->n, s, l < o->size - o->n ? l : o->size - o->n);
  o->n += l;
}


static void pad (Out *o, char c, int n) {
  while (n-- > 0)
    put(o, &c, 1);
}


/*
** Writes a number: sign or prefix, then zeros (if the width asks for them),
** then the body, of which 'zeros' zeros are to be put at 'where'.
*/
static void putnumber (Out *o, const Spec *sp, const char *prefix,
                       const char *body, size_t l, size_t where, int zeros) {
  size_t lprefix = strlen(prefix);
  int fill = sp->width - (int)(lprefix + l) - zeros;
  if (!(sp->flags & (F_LEFT | F_ZERO)))
    pad(o, ' ', fill);
  put(o, prefix, lprefix);
  if ((sp->flags & (F_LEFT | F_ZERO)) == F_ZERO)
    pad(o, '0', fill);
  put(o, body, where);
  pad(o, '0', zeros);
  put(o, body + where, l - where);
  if (sp->flags & F_LEFT)
    pad(o, ' ', fill);
}


static const char *signof (int negative, int flags) {
  return negative ? "-" : (flags & F_SIGN) ? "+" : (flags & F_SPACE) ? " "
                                                                     : "";
}

/* }================================================================== */


/*
** {==================================================================
** Integers
** ===================================================================
*/

static void putinteger (Out *o, Spec *sp, uint64_t v, unsigned int base,
                        const char *prefix) {
  char buff[24];
  char *end = buff + sizeof(buff);
  char *s = mw_digits(end, v, base, sp->flags & F_UPPER);
  int l = (int)(end - s);
  int prec = (sp->prec < 0) ? 1 : sp->prec;
  if (base == 8 && (sp->flags & F_ALT) && prec <= l)
    prec = l + 1;
  if (sp->prec >= 0)
    sp->flags &= ~F_ZERO;
  putnumber(o, sp, prefix, s, (size_t)l, 0, (prec > l) ? prec - l : 0);
}

/* }================================================================== */


/*
** {==================================================================
** Floats
** ===================================================================
*/

/* digit number 'i' of a decimal, also of those that it does not have */
static char digitat (const mw_Decimal *dec, int i) {
  return (i >= 0 && i < dec->n) ? dec->d[i] : '0';
}


/*
** Body of a float: digits up to the point, those behind it, exponent. The
** buffer holds all digits that a float can have; zeros after them are left
** to 'putnumber'.
*/
typedef struct Body {
  char s[MW_MAXDIGITS + 32];
  size_t n;
  size_t where;  /* where 'zeros' zeros belong */
  int zeros;
} Body;


static void fraction (Body *b, const mw_Decimal *dec, int from, int count,
                      int alt) {
  int have = dec->n - from;  /* digits that are there */
  int i;
  if (have < 0) have = 0;
  if (count > 0 || alt)
    b->s[b->n++] = '.';
  if (have > count) have = count;
  for (i = 0; i < have; i++)
    b->s[b->n++] = digitat(dec, from + i);
  b->where = b->n;
  b->zeros = count - have;
}


static void fixedbody (Body *b, const mw_Decimal *dec, int prec, int alt) {
  int i;
  if (dec->point <= 0)
    b->s[b->n++] = '0';
  for (i = 0; i < dec->point; i++)
    b->s[b->n++] = digitat(dec, i);
  fraction(b, dec, dec->point, prec, alt);
}


static void expbody (Body *b, const mw_Decimal *dec, int prec, int flags) {
  char buff[8];
  char *end = buff + sizeof(buff);
  char *s;
  int x = (dec->n > 0) ? dec->point - 1 : 0;
  b->s[b->n++] = digitat(dec, 0);
  fraction(b, dec, 1, prec, flags & F_ALT);
  b->s[b->n++] = (flags & F_UPPER) ? 'E' : 'e';
  b->s[b->n++] = (x < 0) ? '-' : '+';
  s = mw_digits(end, (uint64_t)(x < 0 ? -x : x), 10, 0);
  while (end - s < 2)
    *--s = '0';
  memcpy(b->s + b->n, s, (size_t)(end - s));
  b->n += (size_t)(end - s);
}


static void decimalbody (Body *b, double x, int conv, const Spec *sp) {
  mw_Decimal dec;
  int prec = (sp->prec < 0) ? 6 : sp->prec;
  int alt = sp->flags & F_ALT;
  mw_Rounding r = {conv == 'f', prec};
  if (conv == 'e')
    r.digits++;
  else if (conv == 'g' && prec == 0)
    r.digits = prec = 1;
  mw_todecimal(&dec, x, r);
  if (conv == 'g') {
    int exp = dec.point - 1;
    if (!alt) {  /* no zeros at the end */
      while (dec.n > 0 && dec.d[dec.n - 1] == '0')
        dec.n--;
    }
    if (exp >= -4 && exp < prec) {
      conv = 'f';
      prec = prec - 1 - exp;
      if (!alt && prec > dec.n - dec.point)
        prec = (dec.n > dec.point) ? dec.n - dec.point : 0;
    }
    else {
      prec--;
      if (!alt && prec > dec.n - 1)
        prec = dec.n - 1;
    }
  }
  if (conv == 'f')
    fixedbody(b, &dec, prec, alt);
  else
    expbody(b, &dec, prec, sp->flags);
}


static void hexbody (Body *b, double x, int upper, const Spec *sp) {
  uint64_t m;
  int prec = sp->prec, e, i;
  char buff[8];
  char *end = buff + sizeof(buff);
  char *s;
  memcpy(&m, &x, sizeof(m));
  e = (int)(m >> 52) & 0x7ff;
  m &= ((uint64_t)1 << 52) - 1;
  if (e != 0)
    m |= (uint64_t)1 << 52;
  else
    e = (m != 0);  /* denormal, or zero with exponent 0 */
  e = (m != 0) ? e - 1023 : 0;
  if (prec >= 0 && prec < 13) {  /* round half to even */
    int shift = 52 - 4 * prec;
    uint64_t rest = m & (((uint64_t)1 << shift) - 1);
    uint64_t half = (uint64_t)1 << (shift - 1);
    m >>= shift;
    m += (rest > half || (rest == half && (m & 1)));
    m <<= shift;
  }
  b->s[b->n++] = (char)('0' + (m >> 52));
  if (prec > 0 || (sp->flags & F_ALT) || m << 12 != 0)
    b->s[b->n++] = '.';
  for (i = 0; (prec < 0) ? m << 12 != 0 : i < prec && i < 13; i++) {
    m = (m & (((uint64_t)1 << 52) - 1)) << 4;
    b->s[b->n++] = "0123456789abcdef0123456789ABCDEF"[(m >> 52) +
                                                      (upper ? 16 : 0)];
  }
  b->where = b->n;
  b->zeros = (prec > i) ? prec - i : 0;
  b->s[b->n++] = upper ? 'P' : 'p';
  b->s[b->n++] = (e < 0) ? '-' : '+';
  s = mw_digits(end, (uint64_t)(e < 0 ? -e : e), 10, 0);
  if (s == end)
    *--s = '0';
  memcpy(b->s + b->n, s, (size_t)(end - s));
  b->n += (size_t)(end - s);
}


/*
** A NaN has no sign here: whether an operation sets that bit differs from
** engine to engine.
*/
static void putfloat (Out *o, Spec *sp, double x, int conv) {
  int upper = sp->flags & F_UPPER;
  char prefix[4];
  Body b;
  b.n = b.where = 0;
  b.zeros = 0;
  strcpy(prefix, signof(x == x && __builtin_signbit(x), sp->flags));
  if (x != x || x - x != 0) {  /* nan or inf */
    sp->flags &= ~F_ZERO;
    putnumber(o, sp, prefix, (x != x) ? (upper ? "NAN" : "nan")
                                      : (upper ? "INF" : "inf"), 3, 0, 0);
    return;
  }
  x = __builtin_fabs(x);
  if (conv == 'a') {
    strcat(prefix, upper ? "0X" : "0x");
    hexbody(&b, x, upper, sp);
  }
  else
    decimalbody(&b, x, conv, sp);
  putnumber(o, sp, prefix, b.s, b.n, b.where, b.zeros);
}

/* }================================================================== */


/*
** {==================================================================
** Formats
** ===================================================================
*/

static int readflags (const char **fmt) {
  static const char flags[] = "-+ #0";
  const char *p;
  int res = 0;
  while (**fmt != '\0' && (p = strchr(flags, **fmt)) != NULL) {
    res |= 1 << (p - flags);
    (*fmt)++;
  }
  return res;
}


/* reads a number, or takes it from the arguments */
static int readint (const char **fmt, va_list *args) {
  int n = 0;
  if (**fmt == '*') {
    (*fmt)++;
    return va_arg(*args, int);
  }
  for (; **fmt >= '0' && **fmt <= '9'; (*fmt)++) {
    if (n < INT_MAX / 10 - 1)
      n = n * 10 + (**fmt - '0');
  }
  return n;
}


/* size of an integer argument */
static int readsize (const char **fmt) {
  int size = sizeof(int);
  for (;; (*fmt)++) {
    switch (**fmt) {
      case 'l':
        size = (size == sizeof(long) && (*fmt)[-1] == 'l') ? sizeof(long long)
                                                           : sizeof(long);
        break;
      case 'j': size = sizeof(intmax_t); break;
      case 'z': size = sizeof(size_t); break;
      case 't': size = sizeof(ptrdiff_t); break;
      case 'h': break;
      default: return size;
    }
  }
}


static void putsigned (Out *o, Spec *sp, long long v) {
  uint64_t u = (v < 0) ? 0 - (uint64_t)v : (uint64_t)v;
  putinteger(o, sp, u, 10, signof(v < 0, sp->flags));
}


static void putstring (Out *o, const Spec *sp, const char *s, size_t l) {
  Spec plain = *sp;
  plain.flags &= F_LEFT;
  putnumber(o, &plain, "", s, l, 0, 0);
}


static void convert (Out *o, const char **fmt, va_list *args) {
  Spec sp;
  int size, conv;
  sp.flags = readflags(fmt);
  sp.width = readint(fmt, args);
  if (sp.width < 0) {
    sp.width = -sp.width;
    sp.flags |= F_LEFT;
  }
  sp.prec = -1;
  if (**fmt == '.') {
    (*fmt)++;
    sp.prec = readint(fmt, args);
  }
  size = readsize(fmt);
  conv = *(*fmt)++;
  if (conv >= 'A' && conv <= 'Z') {
    sp.flags |= F_UPPER;
    conv += 'a' - 'A';
  }
  switch (conv) {
    case 'd': case 'i': {
      putsigned(o, &sp, (size > (int)sizeof(int)) ? va_arg(*args, long long)
                                                  : va_arg(*args, int));
      break;
    }
    case 'u': case 'o': case 'x': {
      uint64_t v = (size > (int)sizeof(int))
                 ? va_arg(*args, unsigned long long)
                 : va_arg(*args, unsigned int);
      putinteger(o, &sp, v, (conv == 'u') ? 10 : (conv == 'o') ? 8 : 16,
                 (conv != 'x' || v == 0 || !(sp.flags & F_ALT)) ? ""
                 : (sp.flags & F_UPPER) ? "0X" : "0x");
      break;
    }
    case 'p': {
      sp.prec = 2 * (int)sizeof(void *);
      putinteger(o, &sp, (size_t)va_arg(*args, void *), 16, "0x");
      break;
    }
    case 'c': {
      char c = (char)va_arg(*args, int);
      putstring(o, &sp, &c, 1);
      break;
    }
    case 's': {
      const char *s = va_arg(*args, const char *);
      size_t l = 0;
      while ((sp.prec < 0 || l < (size_t)sp.prec) && s[l] != '\0')
        l++;
      putstring(o, &sp, s, l);
      break;
    }
    case 'a': case 'e': case 'f': case 'g': {
      putfloat(o, &sp, va_arg(*args, double), conv);
      break;
    }
    case '\0': {  /* the format ends in a conversion */
      (*fmt)--;
      break;
    }
    default: {  /* '%' and unknown ones stand for themselves */
      put(o, *fmt - 1, 1);
      break;
    }
  }
}


/* the C library's function, for all conversions but 'n' */
int vsnprintf (char *s, size_t size, const char *fmt, va_list args) {
  Out o;
  va_list ap;
  va_copy(ap, args);
  o.p = s;
  o.size = (size > 0) ? size - 1 : 0;
  o.n = 0;
  while (*fmt != '\0') {
    size_t l = 0;
    while (fmt[l] != '\0' && fmt[l] != '%')
      l++;
    put(&o, fmt, l);
    fmt += l;
    if (*fmt == '%') {
      fmt++;
      convert(&o, &fmt, &ap);
    }
  }
  va_end(ap);
  if (size > 0)
    s[o.n < o.size ? o.n : o.size] = '\0';
  return (int)o.n;
}


int snprintf (char *s, size_t size, const char *fmt, ...) {
  va_list args;
  int n;
  va_start(args, fmt);
  n = vsnprintf(s, size, fmt, args);
  va_end(args);
  return n;
}

/* }================================================================== */
