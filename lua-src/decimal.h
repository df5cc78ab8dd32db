/*
** decimal.h
** Decimal digits of integers and floats
*/

#ifndef mw_decimal_h
#define mw_decimal_h

#include <stdint.h>

/* integer part, fraction of the least float, a digit from rounding up */
#define MW_MAXDIGITS	(309 + 1074 + 1)

/* value is 0.d1d2d3... times 10 to the power of 'point'; no digits: zero */
typedef struct mw_Decimal {
  int n;
  int point;
  char d[MW_MAXDIGITS + 16];
} mw_Decimal;

/* what to round to: so many digits in all, or behind the point */
typedef struct mw_Rounding {
  int fixed;  /* behind the point? */
  int digits;
} mw_Rounding;


/*
** Digits of 'v' in a base from 8 to 16, written so that they end at 'end';
** returns their start. Zero has no digits.
*/
extern char *mw_digits (char *end, uint64_t v, unsigned int base, int upper);

/* decimal digits of |x|, finite, rounded half to even */
extern void mw_todecimal (mw_Decimal *dec, double x, mw_Rounding r);

#endif
