/*
** iolib.c
** The 'io' library of a sandbox: no files and no processes, an input that
** is always at its end, an output (and error output) that is captured.
** Otherwise it behaves as upstream's.
*/

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lua.h"

#include "lauxlib.h"
#include "lualib.h"

#include "open.h"
#include "output.h"


/* registry keys of the default files */
#define IO_INPUT	"_IO_input"
#define IO_OUTPUT	"_IO_output"

/* formats that 'lines' can keep as upvalues, beside file and count */
#define MAXARGLINE	250

/* a file handle; there are only the three standard files */
typedef struct File {
  int isinput;
} File;


static File *tofile (lua_State *L) {
  return (File *)luaL_checkudata(L, 1, LUA_FILEHANDLE);
}


static File *defaultfile (lua_State *L, const char *key) {
  lua_getfield(L, LUA_REGISTRYINDEX, key);
  return (File *)lua_touserdata(L, -1);
}


/* what the C library says when it reads from an output, or writes to input */
static int badfile (lua_State *L) {
  errno = EBADF;
  return luaL_fileresult(L, 0, NULL);
}


static int nofile (lua_State *L, const char *name) {
  errno = ENOSYS;
  return luaL_fileresult(L, 0, name);
}


/* raises the error of a file that has to open and does not */
static int opencheck (lua_State *L, const char *name) {
  return luaL_error(L, "cannot open file '%s' (%s)", name, strerror(ENOSYS));
}


/*
** {==================================================================
** Opening and closing
** ===================================================================
*/

static int io_type (lua_State *L) {
  luaL_checkany(L, 1);
  if (luaL_testudata(L, 1, LUA_FILEHANDLE) != NULL)
    lua_pushliteral(L, "file");
  else
    luaL_pushfail(L);
  return 1;
}


/* does a mode match [rwa]%+?b* ? */
static int checkmode (const char *mode) {
  if (*mode == '\0' || strchr("rwa", *mode++) == NULL)
    return 0;
  if (*mode == '+')
    mode++;
  return mode[strspn(mode, "b")] == '\0';
}


static int io_open (lua_State *L) {
  const char *name = luaL_checkstring(L, 1);
  const char *mode = luaL_optstring(L, 2, "r");
  luaL_argcheck(L, checkmode(mode), 2, "invalid mode");
  return nofile(L, name);
}


static int io_popen (lua_State *L) {
  const char *mode;
  luaL_checkstring(L, 1);
  mode = luaL_optstring(L, 2, "r");
  luaL_argcheck(L, (*mode == 'r' || *mode == 'w') && mode[1] == '\0', 2,
                "invalid mode");
  return luaL_error(L, "'popen' not supported");
}


static int io_tmpfile (lua_State *L) {
  return nofile(L, NULL);
}


static int f_close (lua_State *L) {
  tofile(L);
  luaL_pushfail(L);
  lua_pushliteral(L, "cannot close standard file");
  return 2;
}


static int io_close (lua_State *L) {
  if (lua_isnone(L, 1))
    defaultfile(L, IO_OUTPUT);
  return f_close(L);
}


/* a standard file is neither closed nor collected before the state */
static int f_gc (lua_State *L) {
  tofile(L);
  return 0;
}


static int changefile (lua_State *L, const char *key) {
  if (!lua_isnoneornil(L, 1)) {
    const char *name = lua_tostring(L, 1);
    if (name != NULL)
      return opencheck(L, name);
    tofile(L);
    lua_pushvalue(L, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, key);
  }
  lua_getfield(L, LUA_REGISTRYINDEX, key);
  return 1;
}


static int io_input (lua_State *L) {
  return changefile(L, IO_INPUT);
}


static int io_output (lua_State *L) {
  return changefile(L, IO_OUTPUT);
}

/* }================================================================== */


/*
** {==================================================================
** Reading: there is nothing
** ===================================================================
*/

/*
** Reads by the formats from index 'first' on. At the end of a file "a"
** gives an empty string, everything else fails and ends the reading.
*/
static int readformats (lua_State *L, const File *f, int first) {
  int last = lua_gettop(L);
  int n;
  if (!f->isinput)
    return badfile(L);
  if (last < first) {
    luaL_pushfail(L);
    return 1;
  }
  luaL_checkstack(L, last - first + 1 + LUA_MINSTACK, "too many arguments");
  for (n = first; n <= last; n++) {
    const char *p;
    if (lua_type(L, n) != LUA_TNUMBER) {
      p = luaL_checkstring(L, n);
      if (*p == '*')  /* skip it, for compatibility */
        p++;
      if (*p == 'a') {
        lua_pushliteral(L, "");
        continue;
      }
      if (*p == '\0' || strchr("nlL", *p) == NULL)
        return luaL_argerror(L, n, "invalid format");
    }
    else
      luaL_checkinteger(L, n);
    luaL_pushfail(L);
    n++;
    break;
  }
  return n - first;
}


static int io_read (lua_State *L) {
  File *f = defaultfile(L, IO_INPUT);
  lua_pop(L, 1);
  return readformats(L, f, 1);
}


static int f_read (lua_State *L) {
  return readformats(L, tofile(L), 2);
}


/* upvalues: file, number of formats, formats */
static int readline (lua_State *L) {
  File *f = (File *)lua_touserdata(L, lua_upvalueindex(1));
  int n = (int)lua_tointeger(L, lua_upvalueindex(2));
  int i;
  lua_settop(L, 1);
  luaL_checkstack(L, n, "too many arguments");
  for (i = 1; i <= n; i++)
    lua_pushvalue(L, lua_upvalueindex(2 + i));
  n = readformats(L, f, 2);
  if (lua_toboolean(L, -n) || n == 1)
    return n;
  return luaL_error(L, "%s", lua_tostring(L, -n + 1));
}


static int f_lines (lua_State *L) {
  int n = lua_gettop(L) - 1;
  tofile(L);
  luaL_argcheck(L, n <= MAXARGLINE, MAXARGLINE + 2, "too many arguments");
  lua_pushvalue(L, 1);
  lua_pushinteger(L, n);
  lua_rotate(L, 2, 2);
  lua_pushcclosure(L, readline, 2 + n);
  return 1;
}


static int io_lines (lua_State *L) {
  if (lua_isnone(L, 1))
    lua_pushnil(L);
  if (!lua_isnil(L, 1))
    return opencheck(L, luaL_checkstring(L, 1));
  defaultfile(L, IO_INPUT);
  lua_replace(L, 1);
  return f_lines(L);
}

/* }================================================================== */


/*
** {==================================================================
** Writing: captured
** ===================================================================
*/

/* writes the arguments from 'arg' on; the file is on top of the stack */
static int writeargs (lua_State *L, const File *f, int arg) {
  int last = lua_gettop(L) - 1;
  for (; arg <= last; arg++) {
    size_t l;
    const char *s;
#if MW_LUA == 54
    char buff[64];
    if (lua_type(L, arg) == LUA_TNUMBER && !lua_isinteger(L, arg)) {
      /* 5.4 writes 1.0 as "1" here */
      s = buff;
      l = (size_t)lua_number2str(buff, sizeof(buff), lua_tonumber(L, arg));
    }
    else
#endif
      s = luaL_checklstring(L, arg, &l);
    if (f->isinput)
      return badfile(L);
    mw_output_write(L, s, l);
  }
  return 1;
}


static int io_write (lua_State *L) {
  return writeargs(L, defaultfile(L, IO_OUTPUT), 1);
}


static int f_write (lua_State *L) {
  File *f = tofile(L);
  lua_pushvalue(L, 1);
  return writeargs(L, f, 2);
}


static int io_flush (lua_State *L) {
  return luaL_fileresult(L, 1, NULL);
}


static int f_flush (lua_State *L) {
  tofile(L);
  return luaL_fileresult(L, 1, NULL);
}


static int f_setvbuf (lua_State *L) {
  static const char *const modes[] = {"no", "full", "line", NULL};
  tofile(L);
  luaL_checkoption(L, 2, NULL, modes);
  luaL_optinteger(L, 3, LUAL_BUFFERSIZE);
  return luaL_fileresult(L, 1, NULL);
}


static int f_seek (lua_State *L) {
  static const char *const modes[] = {"set", "cur", "end", NULL};
  tofile(L);
  luaL_checkoption(L, 2, "cur", modes);
  luaL_optinteger(L, 3, 0);
  errno = ESPIPE;
  return luaL_fileresult(L, 0, NULL);
}

/* }================================================================== */


static int f_tostring (lua_State *L) {
  lua_pushfstring(L, "file (%p)", (void *)tofile(L));
  return 1;
}


static const luaL_Reg iolib[] = {
  {"close", io_close},
  {"flush", io_flush},
  {"input", io_input},
  {"lines", io_lines},
  {"open", io_open},
  {"output", io_output},
  {"popen", io_popen},
  {"read", io_read},
  {"tmpfile", io_tmpfile},
  {"type", io_type},
  {"write", io_write},
  {NULL, NULL}
};


static const luaL_Reg methods[] = {
  {"close", f_close},
  {"flush", f_flush},
  {"lines", f_lines},
  {"read", f_read},
  {"seek", f_seek},
  {"setvbuf", f_setvbuf},
  {"write", f_write},
  {NULL, NULL}
};


static const luaL_Reg metamethods[] = {
  {"__index", NULL},  /* place holder */
  {"__gc", f_gc},
  {"__close", f_gc},
  {"__tostring", f_tostring},
  {NULL, NULL}
};


/* stack: the library, and the metatable of files on top */
static void createfile (lua_State *L, int isinput, const char *key,
                        const char *name) {
  File *f = (File *)lua_newuserdatauv(L, sizeof(File), 0);
  f->isinput = isinput;
  mw_setmeta(L);
  if (key != NULL) {
    lua_pushvalue(L, -1);
    lua_setfield(L, LUA_REGISTRYINDEX, key);
  }
  lua_setfield(L, -3, name);
}


LUAMOD_API int luaopen_io (lua_State *L) {
  luaL_newlib(L, iolib);
  luaL_newmetatable(L, LUA_FILEHANDLE);
  luaL_setfuncs(L, metamethods, 0);
  luaL_newlib(L, methods);
  lua_setfield(L, -2, "__index");
  createfile(L, 1, IO_INPUT, "stdin");
  createfile(L, 0, IO_OUTPUT, "stdout");
  createfile(L, 0, NULL, "stderr");
  lua_pop(L, 1);
  return 1;
}
