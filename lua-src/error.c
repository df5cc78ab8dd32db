/*
** error.c
** The error record: what the last call failed with
*/

#include <string.h>

#include "lua.h"

#include "lauxlib.h"
#include "lgc.h"
#include "lobject.h"

#include "abi.h"
#include "buffer.h"
#include "codec.h"
#include "error.h"
#include "output.h"
#include "pool.h"


/* a text that can be kept even when there is no memory, then cut */
#define RESERVE		512

typedef struct Text {
  mw_Buffer b;
  const char *s;
  size_t l;
  char reserve[RESERVE];
} Text;

/* texts longer than that are given back with the next call */
#define KEEP		4096

/* frames that may be the one that a message names */
#define NAMEDLEVELS	10

static struct {
  int kind;
  int incomplete;  /* syntax error at the end of the chunk? */
  int truncated;  /* message cut? */
  int line;  /* 0 if unknown */
  char chunk[LUA_IDSIZE];
  Text message;
  Text traceback;
} rec;

/* name of the chunk that did not compile, as messages have it */
static char badchunk[LUA_IDSIZE];

/* registry key: message of the last error of kind "persist" */
static const char persistkey = 0;


/*
** {==================================================================
** Filling in
** ===================================================================
*/

/* sets a text; returns 0 if it had to be cut */
static int settext (Text *t, const char *s, size_t l) {
  char *to = t->reserve;
  int whole = 1;
  t->b.n = 0;
  if (l > RESERVE) {
    if (mw_buf_tryreserve(&t->b, l))
      to = (char *)t->b.data;
    else {
      l = RESERVE;
      whole = 0;
    }
  }
  memcpy(to, s, l);
  t->s = to;
  t->l = l;
  return whole;
}


static void cleartext (Text *t) {
  mw_buf_shrink(&t->b, KEEP);
  t->l = 0;
}


void mw_error_clear (void) {
  rec.kind = MW_ERR_NONE;
  rec.incomplete = rec.truncated = rec.line = 0;
  cleartext(&rec.message);
  cleartext(&rec.traceback);
}


void *mw_error_save (void) {
  void *old = NULL;
  if (rec.kind != MW_ERR_NONE || rec.line > 0 || rec.traceback.l > 0) {
    old = mw_alloc(NULL, NULL, 0, sizeof(rec));
    if (old != NULL) {
      memcpy(old, &rec, sizeof(rec));
      memset(&rec, 0, sizeof(rec));
    }
  }
  return old;
}


void mw_error_restore (void *old) {
  mw_error_clear();
  if (old != NULL) {
    mw_buf_free(&rec.message.b);
    mw_buf_free(&rec.traceback.b);
    memcpy(&rec, old, sizeof(rec));
    mw_alloc(NULL, old, sizeof(rec), 0);
  }
}


int mw_error_kind (void) {
  return rec.kind;
}


const char *mw_error_message (size_t *len) {
  *len = rec.message.l;
  return rec.message.s;
}


static void setmessage (int kind, const char *s, size_t l) {
  rec.kind = kind;
  rec.truncated = !settext(&rec.message, s, l);
}


void mw_error_set (int kind, const char *msg) {
  setmessage(kind, msg, strlen(msg));
}


static void setposition (const char *chunk, size_t l, int line) {
  if (l >= LUA_IDSIZE)
    l = LUA_IDSIZE - 1;
  memcpy(rec.chunk, chunk, l);
  rec.chunk[l] = '\0';
  rec.line = line;
}


/*
** Reads ":line:" and returns the line, or 0 if that is not what is there.
*/
static int readline (const char *s) {
  int line = 0;
  if (*s++ != ':')
    return 0;
  for (; *s >= '0' && *s <= '9' && line < 100000000; s++)
    line = line * 10 + (*s - '0');
  return (*s == ':') ? line : 0;
}


/*
** Position that a message names, judged by its looks. The name of a chunk
** that is no text has to be one word: "no such host a:80: refused" names
** none.
*/
static int parseposition (const char *msg) {
  static const char open[] = "[string \"";
  const char *p = msg;
  int line;
  if (strncmp(msg, open, sizeof(open) - 1) == 0) {
    while ((p = strstr(p, "\"]:")) != NULL) {
      p += 2;
      if ((line = readline(p)) > 0) {
        setposition(msg, (size_t)(p - msg), line);
        return 1;
      }
    }
    return 0;
  }
  for (; *p != '\0' && *p != '\n' && *p != ' '; p++) {
    if (p > msg && (line = readline(p)) > 0) {
      setposition(msg, (size_t)(p - msg), line);
      return 1;
    }
  }
  return 0;
}


void mw_error_chunk (const char *source) {
  luaO_chunkid(badchunk, source, strlen(source));
}


/*
** Position of a syntax error, whose message starts with the chunk's name.
** (Names may hold anything, even what looks like a line.)
*/
static void syntaxposition (const char *msg) {
  size_t l = strlen(badchunk);
  int line = (strncmp(msg, badchunk, l) == 0) ? readline(msg + l) : 0;
  setposition(badchunk, l, line);
}


/*
** Position of an error: what the message names, a frame that is active
** before all, else the innermost Lua function from 'level' on.
*/
static void findposition (lua_State *L, const char *msg, int level) {
  lua_Debug ar;
  lua_Debug inner;
  int i;
  inner.currentline = 0;
  for (i = 0; (i < NAMEDLEVELS || inner.currentline == 0) &&
              lua_getstack(L, level + i, &ar); i++) {
    size_t l;
    lua_getinfo(L, "Sl", &ar);
    if (ar.currentline <= 0)
      continue;
    if (inner.currentline == 0)
      inner = ar;
    l = strlen(ar.short_src);
    if (msg != NULL && strncmp(msg, ar.short_src, l) == 0 &&
        readline(msg + l) == ar.currentline) {
      setposition(ar.short_src, l, ar.currentline);
      return;
    }
  }
  if (msg == NULL || !parseposition(msg)) {
    rec.line = 0;
    if (inner.currentline > 0)
      setposition(inner.short_src, strlen(inner.short_src),
                  inner.currentline);
  }
}


static void notetraceback (lua_State *L, int level) {
  size_t l;
  const char *s;
  luaL_traceback(L, L, NULL, level);
  s = lua_tolstring(L, -1, &l);
  if (!settext(&rec.traceback, s, l))
    rec.truncated = 1;
  lua_pop(L, 1);
}


void mw_error_note (lua_State *L) {
  findposition(L, NULL, 0);
  notetraceback(L, 0);
}


/* levels here: 0 is this function, 1 the handler, 2 what raised the error */
static int auxtraceback (lua_State *L) {
  notetraceback(L, 2);
  return 0;
}


int mw_error_handler (lua_State *L) {
  const char *msg;
  lua_settop(L, 1);
  if (!lua_isstring(L, 1)) {
    if (!luaL_callmeta(L, 1, "__tostring") ||
        lua_type(L, -1) != LUA_TSTRING)
      lua_pushfstring(L, "(error object is a %s value)",
                         luaL_typename(L, 1));
    lua_replace(L, 1);
    lua_settop(L, 1);
  }
  msg = lua_tostring(L, 1);
  findposition(L, msg, 1);
  lua_pushcfunction(L, auxtraceback);
  if (lua_pcall(L, 0, 0, 0) != LUA_OK)
    cleartext(&rec.traceback);  /* no memory for it */
  lua_settop(L, 1);
  return 1;
}


/* is the error object on top the message of the last "persist" error? */
static int ispersist (lua_State *L) {
  int res;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &persistkey);
  res = lua_type(L, -1) == LUA_TSTRING && lua_rawequal(L, -1, -2);
  lua_pop(L, 1);
  return res;
}


void mw_error_record (lua_State *L, int status, int syntax) {
  static const char eof[] = "<eof>";
  const size_t leof = sizeof(eof) - 1;
  const char *msg = "(error message not a string)";
  size_t l = strlen(msg);
  int kind = MW_ERR_RUNTIME;
  if (lua_type(L, -1) == LUA_TSTRING)
    msg = lua_tolstring(L, -1, &l);
  if (status == LUA_ERRMEM) {
    kind = MW_ERR_MEMORY;
    rec.line = 0;  /* what may be there comes from an error before */
    cleartext(&rec.traceback);
  }
  else if (syntax) {
    kind = MW_ERR_SYNTAX;
    syntaxposition(msg);
    rec.incomplete = l >= leof && memcmp(msg + l - leof, eof, leof) == 0;
  }
  else if (ispersist(L))
    kind = MW_ERR_PERSIST;
  setmessage(kind, msg, l);
}


int mw_error_persist (lua_State *L, int level) {
  if (level > 0) {
    luaL_where(L, level);
    lua_insert(L, -2);
    lua_concat(L, 2);
  }
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &persistkey);
  return lua_error(L);
}


void mw_error_forget (lua_State *L) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &persistkey) != LUA_TNIL) {
    lua_pushnil(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &persistkey);
  }
  lua_pop(L, 1);
}

/* }================================================================== */


/*
** {==================================================================
** Encoding
** ===================================================================
*/

static const char *const kinds[] = {
  "", "syntax", "runtime", "memory", "limit", "persist"
};

/* tag and length of a string, tag of a table and number of its fields */
#define HEADER		5


/* room that a field with a string takes */
static size_t fieldsize (const char *key, size_t l) {
  return HEADER + strlen(key) + HEADER + l;
}


static void addfield (const char *key, const char *s, size_t l) {
  mw_encode_string(NULL, &mw_io, key, strlen(key));
  mw_encode_string(NULL, &mw_io, s, l);
}


static void addflag (const char *key) {
  mw_encode_string(NULL, &mw_io, key, strlen(key));
  mw_buf_addu8(NULL, &mw_io, MW_TAG_BOOLEAN);
  mw_buf_addu8(NULL, &mw_io, 1);
}


/* takes what is too much from a text */
static void cut (size_t *l, size_t *over) {
  size_t n = (*l < *over) ? *l : *over;
  *l -= n;
  *over -= n;
}


void mw_error_append (int output, int extra) {
  const char *kind = kinds[rec.kind];
  size_t lmsg = rec.message.l;
  size_t ltrace = rec.traceback.l;
  size_t lout = output ? mw_output_delivered() : 0;
  int truncated = rec.truncated;
  size_t room, over, count = 3;
  /* everything but the three long texts takes less than this */
  room = HEADER + fieldsize("message", 0) + fieldsize("traceback", 0) +
         fieldsize("output", 0) + fieldsize("kind", strlen(kind)) +
         fieldsize("chunk", LUA_IDSIZE) + fieldsize("line", 8) +
         fieldsize("incomplete", 1) + fieldsize("truncated", 1);
  if (!mw_buf_tryreserve(&mw_io, room + lmsg + ltrace + lout) && mw_L != NULL)
    luaC_fullgc(mw_L, 1);  /* what the failed call has left (no finalizers) */
  if (!mw_buf_tryreserve(&mw_io, room + lmsg + ltrace + lout)) {
    over = room + lmsg + ltrace + lout - (mw_io.cap - mw_io.n);
    cut(&lout, &over);
    cut(&ltrace, &over);
    cut(&lmsg, &over);
    truncated = 1;
  }
  count += output + extra + 2 * (rec.line > 0) + rec.incomplete + truncated;
  mw_buf_addu8(NULL, &mw_io, MW_TAG_TABLE);
  mw_buf_addu32(NULL, &mw_io, count);
  addfield("message", rec.message.s, lmsg);
  addfield("traceback", rec.traceback.s, ltrace);
  addfield("kind", kind, strlen(kind));
  if (output)
    addfield("output", (const char *)mw_output.data, lout);
  if (rec.line > 0) {
    addfield("chunk", rec.chunk, strlen(rec.chunk));
    mw_encode_string(NULL, &mw_io, "line", 4);
    mw_buf_addu8(NULL, &mw_io, MW_TAG_INTEGER);
    mw_buf_addu64(NULL, &mw_io, (uint64_t)rec.line);
  }
  if (rec.incomplete)
    addflag("incomplete");
  if (truncated)
    addflag("truncated");
}


size_t mw_error_encode (void) {
  if (rec.kind == MW_ERR_NONE)
    return 0;
  mw_io.n = 0;
  if (!mw_buf_tryreserve(&mw_io, MW_IO_MIN))
    return 0;  /* 'init' found no memory for the buffer */
  mw_error_append(1, 0);
  return mw_io.n;
}

/* }================================================================== */
