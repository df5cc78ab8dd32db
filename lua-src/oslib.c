/*
** oslib.c
** The 'os' library of a sandbox: the time comes from the host and is UTC;
** there are no processes, files, environment and other locales. Otherwise
** it behaves as upstream's.
*/

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "lua.h"

#include "lauxlib.h"
#include "lualib.h"

#include "abi.h"
#include "imports.h"


/*
** {==================================================================
** What a sandbox cannot give
** ===================================================================
*/

static int os_execute (lua_State *L) {
  if (luaL_optstring(L, 1, NULL) == NULL) {
    lua_pushboolean(L, 0);  /* there is no shell */
    return 1;
  }
  errno = ENOTSUP;
  return luaL_fileresult(L, 0, NULL);
}


static int os_remove (lua_State *L) {
  const char *name = luaL_checkstring(L, 1);
  errno = ENOSYS;
  return luaL_fileresult(L, 0, name);
}


static int os_rename (lua_State *L) {
  luaL_checkstring(L, 1);
  luaL_checkstring(L, 2);
  errno = ENOSYS;
  return luaL_fileresult(L, 0, NULL);
}


static int os_tmpname (lua_State *L) {
  return luaL_error(L, "unable to generate a unique filename");
}


static int os_getenv (lua_State *L) {
  luaL_checkstring(L, 1);
  luaL_pushfail(L);
  return 1;
}


static int os_exit (lua_State *L) {
  if (!lua_isboolean(L, 1))
    luaL_optinteger(L, 1, 0);
  return luaL_error(L, "cannot exit: there is no process to end");
}


static int os_setlocale (lua_State *L) {
  static const char *const categories[] = {"all", "collate", "ctype",
    "monetary", "numeric", "time", NULL};
  const char *l = luaL_optstring(L, 1, "C");
  luaL_checkoption(L, 2, "all", categories);
  if (*l == '\0' || strcmp(l, "C") == 0 || strcmp(l, "POSIX") == 0)
    lua_pushliteral(L, "C");
  else
    luaL_pushfail(L);
  return 1;
}

/* }================================================================== */


/*
** {==================================================================
** Calendar
** ===================================================================
*/

#define DAYSECS		86400
#define EPOCHWDAY	4  /* 1 January 1970 was a Thursday */

typedef long long Int64;

/* a date, counted as in C's 'struct tm' */
typedef struct Date {
  Int64 year;  /* not from 1900 */
  int month;  /* from 0 */
  int day;  /* from 1 */
  int hour, min, sec;
  int wday;  /* from 0, Sunday */
  int yday;  /* from 0 */
} Date;


/* quotient rounded down; '*rest' gets the remainder, never negative */
static Int64 floordiv (Int64 a, int b, int *rest) {
  Int64 q = a / b;
  int r = (int)(a % b);
  if (r < 0) {
    r += b;
    q--;
  }
  *rest = r;
  return q;
}


/*
** Days from 1 January 1970 to the first of a month. Years are counted from
** 1 March here, so that a leap day is the last of its year.
*/
static Int64 monthstart (Int64 year, int month) {
  int yearoferas, m = month - 2;
  Int64 eras;
  if (m < 0) {
    m += 12;
    year--;
  }
  eras = floordiv(year, 400, &yearoferas);
  return eras * 146097 + yearoferas * 365 + yearoferas / 4 -
         yearoferas / 100 + (153 * m + 2) / 5 - 719468;
}


static void todate (Int64 t, Date *d) {
  int secs, days, year, m;
  Int64 day = floordiv(t, DAYSECS, &secs);
  Int64 eras = floordiv(day + 719468, 146097, &days);
  floordiv(day + EPOCHWDAY, 7, &d->wday);
  year = (days - days / 1460 + days / 36524 - days / 146096) / 365;
  days -= year * 365 + year / 4 - year / 100;  /* since 1 March */
  m = (5 * days + 2) / 153;
  d->day = days - (153 * m + 2) / 5 + 1;
  d->month = (m < 10) ? m + 2 : m - 10;
  d->year = eras * 400 + year + (m >= 10);
  d->yday = (int)(day - monthstart(d->year, 0));
  d->hour = secs / 3600;
  d->min = secs / 60 % 60;
  d->sec = secs % 60;
}


/* C counts years from 1900, in an 'int' */
static int validyear (Int64 year) {
  return year - 1900 >= INT_MIN && year - 1900 <= INT_MAX;
}


static Int64 now (void) {
  int rest;
  return floordiv((Int64)js_time_now(), 1000, &rest);
}

/* }================================================================== */


/*
** {==================================================================
** 'os.time'
** ===================================================================
*/

static void setfield (lua_State *L, const char *key, Int64 value) {
  lua_pushinteger(L, value);
  lua_setfield(L, -2, key);
}


static void setallfields (lua_State *L, const Date *d) {
  setfield(L, "year", d->year);
  setfield(L, "month", d->month + 1);
  setfield(L, "day", d->day);
  setfield(L, "hour", d->hour);
  setfield(L, "min", d->min);
  setfield(L, "sec", d->sec);
  setfield(L, "yday", d->yday + 1);
  setfield(L, "wday", d->wday + 1);
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "isdst");
}


/*
** Field of a date table, less 'delta' (what C counts from). 'def' is its
** default then, negative if there is none.
*/
static int getfield (lua_State *L, const char *key, int def, int delta) {
  int isint;
  int t = lua_getfield(L, -1, key);
  lua_Integer v = lua_tointegerx(L, -1, &isint);
  if (!isint) {
    if (t != LUA_TNIL)
      return luaL_error(L, "field '%s' is not an integer", key);
    if (def < 0)
      return luaL_error(L, "field '%s' missing in date table", key);
    v = def;
  }
  else {
    if ((v >= 0) ? v - delta > INT_MAX : v < INT_MIN + delta)
      return luaL_error(L, "field '%s' is out-of-bound", key);
    v -= delta;
  }
  lua_pop(L, 1);
  return (int)v;
}


static int os_time (lua_State *L) {
  Date d;
  Int64 t, year, day, hour, min, sec;
  int month;
  if (lua_isnoneornil(L, 1)) {
    lua_pushinteger(L, now());
    return 1;
  }
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  year = (Int64)getfield(L, "year", -1, 1900) + 1900;
  month = getfield(L, "month", -1, 1);
  day = getfield(L, "day", -1, 0);
  hour = getfield(L, "hour", 12, 0);
  min = getfield(L, "min", 0, 0);
  sec = getfield(L, "sec", 0, 0);
  year += floordiv(month, 12, &month);
  t = (monthstart(year, month) + day - 1) * DAYSECS + hour * 3600 +
      min * 60 + sec;
  todate(t, &d);
  if (t == -1 || !validyear(d.year))  /* -1 is C's sign of an error */
    return luaL_error(L,
                  "time result cannot be represented in this installation");
  setallfields(L, &d);
  lua_pushinteger(L, t);
  return 1;
}


/* milliseconds at the start, for 'os.clock' */
static double start;


void mw_clock_begin (void) {
  start = js_time_now();
}


static int os_clock (lua_State *L) {
  lua_pushnumber(L, (js_time_now() - start) / 1000);
  return 1;
}


static int os_difftime (lua_State *L) {
  lua_Integer t1 = luaL_checkinteger(L, 1);
  lua_Integer t2 = luaL_checkinteger(L, 2);
  lua_pushnumber(L, (lua_Number)t1 - (lua_Number)t2);
  return 1;
}

/* }================================================================== */


/*
** {==================================================================
** 'os.date'
** ===================================================================
*/

#define DAYS	"Sunday\0   Monday\0   Tuesday\0  Wednesday\0Thursday\0 " \
		"Friday\0   Saturday"
#define LDAY	10

#define MONTHS	"January\0  February\0 March\0    April\0    May\0      " \
		"June\0     July\0     August\0   September\0October\0  " \
		"November\0 December"
#define LMONTH	10

/* conversions, and those that 'E' and 'O' may stand before */
#define CONVERSIONS	"aAbBcCdDeFgGhHIjmMnprRStTuUVwWxXyYzZ%"
#define ECONVERSIONS	"cCxXyY"
#define OCONVERSIONS	"deHImMSuUVwWy"


/*
** Week of the ISO year (its first week has the year's first Thursday).
** Returns the week; '*year' gets the year that it belongs to.
*/
static int isoweek (const Date *d, Int64 *year) {
  int wday = (d->wday + 6) % 7;  /* from Monday */
  int thursday = d->yday - wday + 3;
  Int64 start = monthstart(d->year, 0);
  *year = d->year;
  if (thursday < 0) {
    thursday += (int)(start - monthstart(d->year - 1, 0));
    --*year;
  }
  else {
    int length = (int)(monthstart(d->year + 1, 0) - start);
    if (thursday >= length) {
      thursday -= length;
      ++*year;
    }
  }
  return thursday / 7 + 1;
}


/* adds a number, filled up to two digits (or more) */
static void addnumber (luaL_Buffer *b, int v, int width, char fill) {
  int limit;
  for (limit = 1; width > 1; width--)
    limit *= 10;
  for (; limit > 1 && v < limit; limit /= 10)
    luaL_addchar(b, fill);
  lua_pushinteger(b->L, v);
  luaL_addvalue(b);
}


static void addyear (luaL_Buffer *b, Int64 year) {
  lua_pushinteger(b->L, year);
  luaL_addvalue(b);
}


static void adddate (luaL_Buffer *b, const Date *d, const char *format);


static void addconversion (luaL_Buffer *b, const Date *d, int conv) {
  const char *day = &DAYS[d->wday * LDAY];
  const char *month = &MONTHS[d->month * LMONTH];
  Int64 year = d->year;
  int rest;
  switch (conv) {
    case 'a': luaL_addlstring(b, day, 3); break;
    case 'A': luaL_addstring(b, day); break;
    case 'b': case 'h': luaL_addlstring(b, month, 3); break;
    case 'B': luaL_addstring(b, month); break;
    case 'c': adddate(b, d, "%a %b %e %H:%M:%S %Y"); break;
    case 'C': addnumber(b, (int)floordiv(year, 100, &rest), 2, '0'); break;
    case 'd': addnumber(b, d->day, 2, '0'); break;
    case 'D': case 'x': adddate(b, d, "%m/%d/%y"); break;
    case 'e': addnumber(b, d->day, 2, ' '); break;
    case 'F': adddate(b, d, "%Y-%m-%d"); break;
    case 'g': case 'G': case 'V': {
      int week = isoweek(d, &year);
      if (conv == 'V')
        addnumber(b, week, 2, '0');
      else if (conv == 'G')
        addyear(b, year);
      else {
        floordiv(year, 100, &rest);
        addnumber(b, rest, 2, '0');
      }
      break;
    }
    case 'H': addnumber(b, d->hour, 2, '0'); break;
    case 'I': addnumber(b, (d->hour + 11) % 12 + 1, 2, '0'); break;
    case 'j': addnumber(b, d->yday + 1, 3, '0'); break;
    case 'm': addnumber(b, d->month + 1, 2, '0'); break;
    case 'M': addnumber(b, d->min, 2, '0'); break;
    case 'n': luaL_addchar(b, '\n'); break;
    case 'p': luaL_addstring(b, (d->hour < 12) ? "AM" : "PM"); break;
    case 'r': adddate(b, d, "%I:%M:%S %p"); break;
    case 'R': adddate(b, d, "%H:%M"); break;
    case 'S': addnumber(b, d->sec, 2, '0'); break;
    case 't': luaL_addchar(b, '\t'); break;
    case 'T': case 'X': adddate(b, d, "%H:%M:%S"); break;
    case 'u': addnumber(b, (d->wday + 6) % 7 + 1, 1, '0'); break;
    case 'U': addnumber(b, (d->yday + 7 - d->wday) / 7, 2, '0'); break;
    case 'w': addnumber(b, d->wday, 1, '0'); break;
    case 'W': addnumber(b, (d->yday + 7 - (d->wday + 6) % 7) / 7, 2, '0');
      break;
    case 'y': floordiv(year, 100, &rest); addnumber(b, rest, 2, '0'); break;
    case 'Y': addyear(b, year); break;
    case 'z': luaL_addstring(b, "+0000"); break;
    case 'Z': luaL_addstring(b, "UTC"); break;
    default: luaL_addchar(b, '%'); break;
  }
}


/* adds a format whose conversions are known to be valid */
static void adddate (luaL_Buffer *b, const Date *d, const char *format) {
  for (; *format != '\0'; format++) {
    if (*format != '%')
      luaL_addchar(b, *format);
    else
      addconversion(b, d, *++format);
  }
}


/* end of the conversion at 's', or NULL if it is not valid */
static const char *checkconversion (const char *s, const char *end) {
  const char *valid = CONVERSIONS;
  if (s < end && (*s == 'E' || *s == 'O'))
    valid = (*s++ == 'E') ? ECONVERSIONS : OCONVERSIONS;
  return (s < end && *s != '\0' && strchr(valid, *s) != NULL) ? s + 1 : NULL;
}


static int os_date (lua_State *L) {
  size_t l;
  const char *s = luaL_optlstring(L, 1, "%c", &l);
  const char *end = s + l;
  Int64 t = lua_isnoneornil(L, 2) ? now() : luaL_checkinteger(L, 2);
  Date d;
  luaL_Buffer b;
  if (*s == '!')  /* local time is UTC, too */
    s++;
  todate(t, &d);
  if (!validyear(d.year))
    return luaL_error(L,
                  "date result cannot be represented in this installation");
  if (strcmp(s, "*t") == 0) {
    lua_createtable(L, 0, 9);
    setallfields(L, &d);
    return 1;
  }
  luaL_buffinit(L, &b);
  while (s < end) {
    if (*s != '%')
      luaL_addchar(&b, *s++);
    else {
      const char *next = checkconversion(++s, end);
      if (next == NULL)
        return luaL_argerror(L, 1,
               lua_pushfstring(L, "invalid conversion specifier '%%%s'", s));
      addconversion(&b, &d, next[-1]);
      s = next;
    }
  }
  luaL_pushresult(&b);
  return 1;
}

/* }================================================================== */


static const luaL_Reg oslib[] = {
  {"clock", os_clock},
  {"date", os_date},
  {"difftime", os_difftime},
  {"execute", os_execute},
  {"exit", os_exit},
  {"getenv", os_getenv},
  {"remove", os_remove},
  {"rename", os_rename},
  {"setlocale", os_setlocale},
  {"time", os_time},
  {"tmpname", os_tmpname},
  {NULL, NULL}
};


LUAMOD_API int luaopen_os (lua_State *L) {
  mw_clock_begin();
  luaL_newlib(L, oslib);
  return 1;
}
