/*
** call.c
** The bridge's way to run Lua: 'call', and the records that exports leave
*/

#include <string.h>

#include "lua.h"

#include "lauxlib.h"

#include "abi.h"
#include "bridge.h"
#include "codec.h"
#include "error.h"
#include "output.h"


/* room that is kept for the error of a failed call, bytes */
#define ERRORROOM	8192

/* status, task and length of the output */
#define HEADER		9

/* registry key: object of the last error, or false */
static const char errorkey = 0;

int mw_call_syntax;


int mw_call_handler (lua_State *L) {
  lua_settop(L, 1);
  lua_pushvalue(L, 1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &errorkey);
  return mw_error_handler(L);
}


/*
** {==================================================================
** Records
** ===================================================================
*/

/* output goes with the record of the outermost export */
static size_t outputsize (int outermost) {
  return outermost ? mw_output.n : 0;
}


static void header (lua_State *L, int status, uint32_t task, size_t lout) {
  mw_io.n = 0;
  mw_buf_addu8(L, &mw_io, (unsigned int)status);
  mw_buf_addu32(L, &mw_io, task);
  mw_buf_addu32(L, &mw_io, lout);
  mw_buf_add(L, &mw_io, mw_output.data, lout);
}


void mw_call_record (lua_State *L, int status, uint32_t task, int n,
                     unsigned int flags) {
  header(L, status, task, outputsize(mw_busy == 1));
  mw_value_encode(L, &mw_io, lua_gettop(L) - n + 1, flags);
}


/* the error object as a field of the error, or nothing */
static mw_Buffer field;

/* encodes the error object, if it is more than a message */
static int errorobject (lua_State *L) {
  const mw_Call *c = (const mw_Call *)lua_touserdata(L, 1);
  int t = lua_rawgetp(L, LUA_REGISTRYINDEX, &errorkey);
  if (t != LUA_TSTRING && t != LUA_TBOOLEAN && t != LUA_TNIL) {
    mw_encode_string(L, &field, "value", 5);
    mw_codec_tables = 1;  /* the error's own */
    mw_value_encode(L, &field, 2, c->flags);
    mw_codec_tables = 0;
  }
  return 0;
}


/*
** What is on record, as a bridge record. The I/O buffer is never too small
** for the error; the output is cut rather than lose that.
*/
static void failedrecord (mw_Call *c, int outermost) {
  size_t lout = outputsize(outermost);
  int kind = mw_error_kind();
  field.n = 0;
  if (kind == MW_ERR_MEMORY || kind == MW_ERR_LIMIT ||
      mw_protected(errorobject, c, NULL, NULL) != LUA_OK) {
    field.n = 0;
    mw_codec_release();
  }
  mw_io.n = 0;
  if (!mw_buf_tryreserve(&mw_io, HEADER + lout + ERRORROOM + field.n)) {
    field.n = 0;
    lout = (lout < mw_io.cap / 2) ? lout : mw_io.cap / 2;
  }
  header(mw_L, MW_REC_FAILED, 0, lout);
  mw_buf_addu8(mw_L, &mw_io, MW_TAG_ERROR);
  mw_error_append(0, field.n > 0);
  mw_buf_add(mw_L, &mw_io, field.data, field.n);
  mw_buf_shrink(&field, ERRORROOM);
}

/* }================================================================== */


/*
** {==================================================================
** Calls
** ===================================================================
*/

/* sets the error object that is kept; the key exists, so this fails never */
static void keeperror (lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &errorkey);
  if (!lua_isnil(L, -1)) {
    lua_pop(L, 1);
    if (lua_isnil(L, -1)) {
      lua_pop(L, 1);
      lua_pushboolean(L, 0);
    }
    lua_rawsetp(L, LUA_REGISTRYINDEX, &errorkey);
  }
  else
    lua_pop(L, 2);
}


static int start (lua_State *L) {
  const mw_Call *c = (const mw_Call *)lua_touserdata(L, 1);
  lua_pushboolean(L, 0);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &errorkey);
  return c->run(L);
}


int mw_call_run (lua_CFunction f, mw_Call *c) {
  int outermost = (mw_busy == 0);
  int syntax = mw_call_syntax;
  void *record = NULL;
  lua_State *L = mw_L;
  if (L == NULL)
    return -1;
  if (outermost)
    mw_starting();
  else
    record = mw_error_save();
  lua_rawgetp(L, LUA_REGISTRYINDEX, &errorkey);
  mw_call_syntax = 0;
  c->run = f;
  c->failed = 0;
  if (mw_protected(start, c, &mw_call_syntax, mw_call_handler) != LUA_OK ||
      c->failed) {
    mw_codec_release();
    failedrecord(c, outermost);
  }
  if (outermost) {
    mw_output_deliver();
    mw_output_clear();
  }
  keeperror(L);
  mw_error_restore(record);
  mw_call_syntax = syntax;
  return (int)mw_io.n;
}


static int docall (lua_State *L) {
  mw_Call *c = (mw_Call *)lua_touserdata(L, 1);
  int n;
  lua_settop(L, 0);
  mw_function_push(L, c);
  n = mw_value_input(L, c);
  lua_call(L, n, LUA_MULTRET);
  mw_call_record(L, MW_REC_FINISHED, 0, lua_gettop(L), c->flags);
  return 0;
}


MW_EXPORT int call (uint32_t f, const unsigned char *p, size_t n,
                    unsigned int flags) {
  mw_Call c = {f, p, n, flags, 0, NULL};
  return mw_call_run(docall, &c);
}

/* }================================================================== */
