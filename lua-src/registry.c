/*
** registry.c
** Standard-library functions and their fixed indices (tag 0x06)
*/

#include <string.h>

#include "lua.h"

#include "lauxlib.h"
#include "lobject.h"
#include "lstate.h"
#include "lstring.h"
#include "ltable.h"
#include "lualib.h"

#include "codec.h"
#include "open.h"
#include "registry.h"


/*
** The functions, in groups: what stands before the names, then the names.
** An index is a place in this list and stays what it is for ever: new
** functions go to the end, in groups of their own, and what goes away
** leaves its name behind. Functions of one Lua version only are listed
** for both.
*/
#define GROUP(prefix)	prefix "\0"
#define F(name)		name "\0"
#define END		"\0"

#define FILES		"file:"
#define FILEMETA	"getmetatable(file)."
#define STRINGMETA	"getmetatable('')."
#define SEARCHERS	"package.searchers."
#define ITERATORS	"iterator of "

static const char functions[] =
  GROUP("")
  F("assert") F("collectgarbage") F("dofile") F("error") F("getmetatable")
  F("ipairs") F("load") F("loadfile") F("next") F("pairs") F("pcall")
  F("print") F("rawequal") F("rawget") F("rawlen") F("rawset") F("require")
  F("select") F("setmetatable") F("tonumber") F("tostring") F("type")
  F("warn") F("xpcall") END
  GROUP("coroutine.")
  F("close") F("create") F("isyieldable") F("resume") F("running")
  F("status") F("wrap") F("yield") END
  GROUP("debug.")
  F("debug") F("gethook") F("getinfo") F("getlocal") F("getmetatable")
  F("getregistry") F("getupvalue") F("getuservalue") F("setcstacklimit")
  F("sethook") F("setlocal") F("setmetatable") F("setupvalue")
  F("setuservalue") F("traceback") F("upvalueid") F("upvaluejoin") END
  GROUP("io.")
  F("close") F("flush") F("input") F("lines") F("open") F("output")
  F("popen") F("read") F("tmpfile") F("type") F("write") END
  GROUP("math.")
  F("abs") F("acos") F("asin") F("atan") F("ceil") F("cos") F("deg")
  F("exp") F("floor") F("fmod") F("frexp") F("ldexp") F("log") F("max")
  F("min") F("modf") F("rad") F("random") F("randomseed") F("sin")
  F("sqrt") F("tan") F("tointeger") F("type") F("ult") END
  GROUP("os.")
  F("clock") F("date") F("difftime") F("execute") F("exit") F("getenv")
  F("remove") F("rename") F("setlocale") F("time") F("tmpname") END
  GROUP("package.")
  F("loadlib") F("searchpath") END
  GROUP("string.")
  F("byte") F("char") F("dump") F("find") F("format") F("gmatch") F("gsub")
  F("len") F("lower") F("match") F("pack") F("packsize") F("rep")
  F("reverse") F("sub") F("unpack") F("upper") END
  GROUP("table.")
  F("concat") F("create") F("insert") F("move") F("pack") F("remove")
  F("sort") F("unpack") END
  GROUP("utf8.")
  F("char") F("codepoint") F("codes") F("len") F("offset") END
  GROUP(FILES)
  F("close") F("flush") F("lines") F("read") F("seek") F("setvbuf")
  F("write") END
  GROUP(FILEMETA)
  F("__close") F("__gc") F("__tostring") END
  GROUP(STRINGMETA)
  F("__add") F("__sub") F("__mul") F("__mod") F("__pow") F("__div")
  F("__idiv") F("__unm") END
  GROUP(SEARCHERS)
  F("1") F("2") F("3") F("4") END
  GROUP(ITERATORS)
  F("ipairs") F("utf8.codes") F("utf8.codes (lax)") END
  END;

#define MAXFUNCTIONS	192

static struct {
  unsigned int n;
  /* what tells a function: its C function, or the closure it is */
  const void *identity[MAXFUNCTIONS];
} reg;

/* registry key: table from index + 1 to function */
static const char tablekey = 0;


static const void *identity (const TValue *o) {
  if (ttislcf(o))
    return (const void *)(size_t)fvalue(o);
  else if (ttisCclosure(o))
    return clCvalue(o);
  else
    return NULL;
}


/*
** What libraries have is looked up past the API: each function of it that
** runs in 'init' has to be compiled first.
*/

/* gets a field, nil of no table; the name ends before a dot or a space */
static void getfield (lua_State *L, Table *t, const char *name, TValue *res) {
  setnilvalue(res);
  if (t != NULL) {
    size_t l = 0;
    while ((unsigned char)name[l] > ' ' && name[l] != '.')
      l++;
#if MW_LUA == 54
    const TValue *slot = luaH_getshortstr(t, luaS_newlstr(L, name, l));
    if (!isempty(slot))
      setobj(L, res, slot);
#else
    luaH_getshortstr(t, luaS_newlstr(L, name, l), res);
#endif
  }
}


/* the table that a field is, or NULL */
static Table *fieldtable (lua_State *L, Table *t, const char *name) {
  TValue v;
  getfield(L, t, name, &v);
  return ttistable(&v) ? hvalue(&v) : NULL;
}


/* the table that a group's functions are in, or NULL */
static Table *grouptable (lua_State *L, const char *prefix) {
  Table *t = hvalue(&G(L)->l_registry);
  if (*prefix == '\0') {
    mw_pushglobals(L);
    L->top.p--;
    return hvalue(s2v(L->top.p));
  }
  if (strcmp(prefix, STRINGMETA) == 0)
    return G(L)->mt[LUA_TSTRING];
  if (strcmp(prefix, FILEMETA) == 0)
    return fieldtable(L, t, LUA_FILEHANDLE);
  if (strcmp(prefix, FILES) == 0)
    return fieldtable(L, fieldtable(L, t, LUA_FILEHANDLE), "__index");
  t = fieldtable(L, fieldtable(L, t, LUA_LOADED_TABLE), prefix);
  return (strcmp(prefix, SEARCHERS) == 0) ? fieldtable(L, t, "searchers") : t;
}


/*
** Pushes what a generator returns first, called as ("", arg) or ({}, arg). The
** name is 'function' or 'library.function', and may have a remark behind it.
*/
static void pushiterator (lua_State *L, const char *name) {
  const char *dot = strchr(name, '.');
  Table *t = grouptable(L, (dot != NULL) ? name : "");
  getfield(L, t, (dot != NULL) ? dot + 1 : name, s2v(L->top.p++));
  if (lua_type(L, -1) == LUA_TFUNCTION) {
    if (dot != NULL)
      lua_pushliteral(L, "");
    else
      lua_newtable(L);
    lua_pushboolean(L, strchr(name, ' ') != NULL);
    lua_call(L, 2, 1);
  }
}


static void pushfunction (lua_State *L, const char *prefix, Table *group,
                          const char *name) {
  if (strcmp(prefix, ITERATORS) == 0)
    pushiterator(L, name);
  else if (*name >= '0' && *name <= '9' && group != NULL)
    mw_element(L, group, (unsigned int)(*name - '0'));
  else
    getfield(L, group, name, s2v(L->top.p++));
}


/* function after 's', in the group that starts at '*prefix' */
static const char *nextname (const char *s, const char **prefix) {
  s += strlen(s) + 1;
  if (*s == '\0') {  /* end of the group? */
    *prefix = ++s;
    if (*s == '\0')
      return NULL;  /* end of the list (a later group has a prefix) */
    s += strlen(s) + 1;
  }
  return s;
}


void mw_registry_open (lua_State *L) {
  const char *prefix = functions;
  const char *grouped = NULL;  /* prefix of the group */
  const char *name = prefix;
  Table *group = NULL;
  reg.n = 0;
  lua_createtable(L, MAXFUNCTIONS, 0);
  for (name++; name != NULL; name = nextname(name, &prefix)) {
    lua_assert(reg.n < MAXFUNCTIONS);
    if (prefix != grouped) {
      grouped = prefix;
      group = grouptable(L, prefix);
    }
    pushfunction(L, prefix, group, name);
    reg.identity[reg.n++] = identity(s2v(L->top.p - 1));
    mw_fill(L, reg.n);
  }
  lua_rawsetp(L, LUA_REGISTRYINDEX, &tablekey);
}


unsigned int mw_registry_size (void) {
  return reg.n;
}


unsigned int mw_registry_index (const TValue *o) {
  const void *id = identity(o);
  unsigned int i;
  if (id != NULL) {
    for (i = 0; i < reg.n; i++) {
      if (reg.identity[i] == id)
        return i;
    }
  }
  return MW_CFUNC_NONE;
}


int mw_registry_push (lua_State *L, unsigned int index) {
  if (index >= reg.n || reg.identity[index] == NULL)
    return 0;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &tablekey);
  lua_rawgeti(L, -1, (lua_Integer)index + 1);
  lua_remove(L, -2);
  return 1;
}


const char *mw_registry_name (unsigned int index) {
  static char buff[64];
  const char *prefix = functions;
  const char *name = prefix + 1;
  while (name != NULL && index-- > 0)
    name = nextname(name, &prefix);
  if (name == NULL)
    return NULL;
  strcpy(buff, prefix);
  return strcat(buff, name);
}
