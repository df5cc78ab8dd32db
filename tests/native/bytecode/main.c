/*
** main.c
** Tests of the verifier of bytecode, with Lua's assertions on: what the
** compiler makes is accepted, and what is accepted runs without harm. See
** the usage message at the end.
*/

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lua.h"

#include "lauxlib.h"
#include "lobject.h"
#include "lstate.h"

#include "generate.h"
#include "imports.h"
#include "mutate.h"
#include "mwlimits.h"
#include "output.h"
#include "pool.h"

extern int init (void);
extern lua_State *mw_L;
extern void mw_memory_close (void);


double js_time_now (void) { return 0; }


static Bytes *programs;  /* texts */
static size_t nprograms;

static struct {
  unsigned long accepted, refused, calls, failed;
} count;


static void fatal (const char *what, const char *detail) {
  fprintf(stderr, "bytecode: %s: %s\n", what, detail);
  abort();
}


/* the mutant in progress, for whoever looks into a crash */
static void keep (const char *s, size_t n) {
  const char *name = getenv("BYTECODE_KEEP");
  FILE *f = (name != NULL) ? fopen(name, "wb") : NULL;
  if (f != NULL) {
    fwrite(s, 1, n, f);
    fclose(f);
  }
}


static void fresh (void) {
  if (mw_L != NULL) {
    lua_close(mw_L);
    mw_memory_close();
    mw_L = NULL;
  }
  mw_heap_setlimit(0);
  if (init() != 0) fatal("init", "failed");
  mw_heap_setlimit(mw_heap_used() + (48u << 20));
}


static int addto (lua_State *L, const void *p, size_t n, void *ud) {
  Bytes *b = (Bytes *)ud;
  (void)L;
  if (n == 0) return 0;
  b->s = (char *)realloc(b->s, b->n + n);
  memcpy(b->s + b->n, p, n);
  b->n += n;
  return 0;
}


/* dumps the function on top of the stack */
static Bytes dump (lua_State *L, int strip) {
  Bytes b = {NULL, 0};
  if (lua_dump(L, addto, &b, strip) != 0) fatal("dump", "failed");
  return b;
}


static void writepart (const char *s, size_t n) {
  unsigned char size[4];
  int i;
  for (i = 0; i < 4; i++) size[i] = (unsigned char)(n >> 8 * i);
  fwrite(size, 1, 4, stdout);
  fwrite(s, 1, n, stdout);
}


/* a chunk and what is said of it, for the same rules in Rust */
static void writeverdict (lua_State *L, const char *s, size_t n) {
  writepart(s, n);
  if (luaL_loadbufferx(L, s, n, "=m", "b") == LUA_OK)
    writepart("", 0);
  else
    writepart(lua_tostring(L, -1), lua_rawlen(L, -1));
  lua_pop(L, 1);
}


/* what the compiler made of a text has to be accepted, and to stay itself */
static void roundtrip (const char *s, size_t n, const char *name) {
  int strip;
  lua_State *L = mw_L;
  if (luaL_loadbufferx(L, s, n, "=p", "t") != LUA_OK) {
    count.refused++;
    lua_settop(L, 0);
    return;
  }
  for (strip = 0; strip < 2; strip++) {
    Bytes b = dump(L, strip), c;
    keep(b.s, b.n);
    if (luaL_loadbufferx(L, b.s, b.n, "=p", "b") != LUA_OK)
      fatal(name, lua_tostring(L, -1));
    c = dump(L, strip);
    if (b.n != c.n || memcmp(b.s, c.s, b.n) != 0)
      fatal(name, "another dump after loading");
    writeverdict(L, b.s, b.n);
    free(b.s);
    free(c.s);
    lua_pop(L, 1);
    count.accepted++;
  }
  lua_settop(L, 0);
}


/*
** {==================================================================
** Mutation
** ===================================================================
*/

/* a mutant of one of the programs */
static Bytes mutant (void) {
  static char generated[GEN_SIZE];
  lua_State *L = mw_L;
  Bytes b;
  int n;
  if (below(2)) {
    Bytes *p = &programs[below(nprograms)];
    if (luaL_loadbufferx(L, p->s, p->n, "=m", "t") != LUA_OK)
      fatal("program", lua_tostring(L, -1));
  }
  else {
    size_t l;
    do {
      lua_settop(L, 0);
      l = generate(seed, generated);
      below(2);
    } while (luaL_loadbufferx(L, generated, l, "=m", "t") != LUA_OK);
  }
  if (below(4) > 0)  /* a function of its own, mostly */
    for (n = (int)below(3); n > 0; n--) {
      Proto *p = clLvalue(s2v(L->top.p - 1))->p;
      if (p->sizep == 0) break;
      clLvalue(s2v(L->top.p - 1))->p = p->p[below(p->sizep)];
    }
  if (below(8) > 0)
    for (n = 1 + (int)below(3); n > 0; n--)
      mutateproto(clLvalue(s2v(L->top.p - 1))->p);
  /* a closure has one upvalue for each that its function describes */
  {
    LClosure *cl = clLvalue(s2v(L->top.p - 1));
    lu_byte had = cl->nupvalues;
    cl->nupvalues = (lu_byte)cl->p->sizeupvalues;
    b = dump(L, below(3) == 0);
    cl->nupvalues = had;
  }
  lua_settop(L, 0);
  if (below(4) == 0)
    for (n = 1 + (int)below(2); n > 0; n--)
      mutatebytes(&b);
  return b;
}

/* }================================================================== */


/*
** {==================================================================
** Running
** ===================================================================
*/

static void look (lua_State *L, lua_Debug *ar) {
  int i;
  lua_getinfo(L, "nSltur", ar);
  for (i = 1; i < 260; i++) {
    if (lua_getlocal(L, ar, i) == NULL) break;
    lua_pop(L, 1);
  }
  for (i = -1; i > -10; i--) {
    if (lua_getlocal(L, ar, i) == NULL) break;
    lua_pop(L, 1);
  }
}


static void hook (lua_State *L, lua_Debug *ar) {
  look(L, ar);
  if (below(64) == 0) lua_gc(L, below(2) ? LUA_GCCOLLECT : LUA_GCSTEP, 0);
}


static int handler (lua_State *L) {
  lua_Debug ar;
  int level;
  for (level = 0; level < 5 && lua_getstack(L, level, &ar); level++)
    look(L, &ar);
  luaL_traceback(L, L, lua_tostring(L, 1), 1);
  return 1;
}


static void arguments (lua_State *L) {
  lua_pushinteger(L, (lua_Integer)below(10));
  lua_createtable(L, 2, 0);
  lua_pushstring(L, "text");
  lua_pushnil(L);
  lua_getglobal(L, "print");
}


/* calls what stands on top of the stack, and takes it away */
static void run (lua_State *L) {
  int base = lua_gettop(L) - 1;
  int status;
  count.calls++;
  if (below(3) == 0) lua_sethook(L, hook, LUA_MASKCOUNT | LUA_MASKLINE |
                                 LUA_MASKCALL | LUA_MASKRET, 1);
  if (below(4) == 0) {
    lua_State *co = lua_newthread(L);
    int i, nres;
    lua_pushvalue(L, -2);
    lua_xmove(L, co, 1);
    if (below(2)) lua_sethook(co, hook, LUA_MASKCOUNT, 1);
    arguments(co);
    for (i = 0; i < 4; i++) {
      status = lua_resume(co, L, (i == 0) ? 5 : 0, &nres);
      if (status != LUA_YIELD) break;
      lua_pop(co, nres);
    }
    lua_sethook(co, NULL, 0, 0);
#if MW_LUA == 54
    lua_resetthread(co);
#else
    lua_closethread(co, L);
#endif
  }
  else {
    lua_pushcfunction(L, handler);
    lua_insert(L, base + 1);
    arguments(L);
    status = lua_pcall(L, 5, LUA_MULTRET, base + 1);
    /* what a main function returns is often a function of its own */
    if (status == LUA_OK && lua_isfunction(L, -1) && below(2)) {
      arguments(L);
      status = lua_pcall(L, 5, 0, 0);
    }
  }
  lua_sethook(L, NULL, 0, 0);
  count.failed += (status != LUA_OK);
  lua_settop(L, base);
}


static void execute (const Bytes *b) {
  lua_State *L = mw_L;
  lua_Debug ar;
  Bytes again;
  mw_limit_set(3000);
  mw_limit_begin();
  if (luaL_loadbufferx(L, b->s, b->n, "=m", "b") != LUA_OK) {
    count.refused++;
    mw_limit_end(L);
    lua_settop(L, 0);
    return;
  }
  count.accepted++;
  again = dump(L, 0);
  if (luaL_loadbufferx(L, again.s, again.n, "=m", "b") != LUA_OK &&
      !mw_limit_hit())
    fatal("dump of an accepted chunk", lua_tostring(L, -1));
  free(again.s);
  lua_settop(L, 1);
  lua_pushvalue(L, 1);
  lua_getinfo(L, ">SLu", &ar);
  lua_settop(L, 1);
  run(L);
  mw_limit_end(L);
  mw_output_clear();
  mw_output.n = 0;
}

/* }================================================================== */


static Bytes readfile (const char *name) {
  Bytes b = {NULL, 0};
  char part[4096];
  size_t n;
  FILE *f = fopen(name, "rb");
  if (f == NULL) fatal("cannot read", name);
  while ((n = fread(part, 1, sizeof(part), f)) > 0)
    addto(NULL, part, n, &b);
  fclose(f);
  return b;
}


/* programs that do not compile under this version are left out */
static void addprogram (const char *name) {
  Bytes b = readfile(name);
  int ok = (luaL_loadbufferx(mw_L, b.s, b.n, "=p", "t") == LUA_OK);
  lua_settop(mw_L, 0);
  if (!ok) {
    free(b.s);
    return;
  }
  programs = (Bytes *)realloc(programs, (nprograms + 1) * sizeof(Bytes));
  programs[nprograms++] = b;
}


static void accept (unsigned long n) {
  static char text[GEN_SIZE];
  size_t i;
  for (i = 0; i < nprograms; i++)
    roundtrip(programs[i].s, programs[i].n, "a program of the tests");
  for (i = 0; i < n; i++) {
    char name[60];
    size_t l = generate(seed + i, text);
    if (i % 100 == 0) fresh();
    sprintf(name, "generated program %llu", (unsigned long long)(seed + i));
    roundtrip(text, l, name);
  }
  if (count.refused > n / 2) fatal("generator", "most texts do not compile");
}


static void mutate (unsigned long n) {
  unsigned long i;
  uint64_t start = seed;
  for (i = 0; i < n; i++) {
    Bytes b;
    seed = (start + i) * 1000003u;  /* each can be made again */
    if (i % 50 == 0) fresh();
    b = mutant();
    keep(b.s, b.n);
    execute(&b);
    free(b.s);
  }
  printf("%lu mutants: %lu refused, %lu accepted and run, %lu of them to an "
         "error\n", n, count.refused, count.accepted, count.failed);
  if (n >= 1000 && (count.accepted < n / 20 || count.refused < n / 20))
    fatal("mutants", "hardly any of one kind");
}


/* each mutant and what is said of it */
static void verdicts (unsigned long n) {
  unsigned long i;
  uint64_t start = seed;
  for (i = 0; i < n; i++) {
    Bytes b;
    seed = (start + i) * 1000003u;
    if (i % 50 == 0) fresh();
    b = mutant();
    writeverdict(mw_L, b.s, b.n);
    free(b.s);
  }
}


/* 'load', which writes each binary chunk and what is said of it */
static int watchedload (lua_State *L) {
  if (lua_type(L, 1) == LUA_TSTRING) {
    size_t n;
    const char *s = lua_tolstring(L, 1, &n);
    if (n > 0 && *s == *LUA_SIGNATURE) writeverdict(L, s, n);
  }
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  return lua_gettop(L);
}


/* the chunks that the programs load, and what is said of them */
static void loads (void) {
  size_t i;
  for (i = 0; i < nprograms; i++) {
    fresh();
    lua_getglobal(mw_L, "load");
    lua_pushcclosure(mw_L, watchedload, 1);
    lua_setglobal(mw_L, "load");
    if (luaL_loadbufferx(mw_L, programs[i].s, programs[i].n, "=p", "t") !=
          LUA_OK || lua_pcall(mw_L, 0, 0, 0) != LUA_OK)
      fatal("program", lua_tostring(mw_L, -1));
  }
}


int main (int argc, char **argv) {
  const char *mode = (argc > 1) ? argv[1] : "";
  unsigned long n = 0;
  int i;
  if (argc >= 3 && strcmp(mode, "run") == 0) {
    Bytes b = readfile(argv[2]);
    fresh();
    seed = (argc > 3) ? strtoull(argv[3], NULL, 10) : 1;
    execute(&b);
    printf("%s\n", count.accepted ? "accepted" : "refused");
    return 0;
  }
  if (argc < 5) {
    fprintf(stderr, "usage: bytecode MODE FIRST COUNT FILE...\n"
                    "       bytecode run CHUNK [SEED]\n"
                    "accept: COUNT generated programs, from number FIRST on, and the "
                    "files' are compiled, dumped, loaded and written\n"
                    "mutate: COUNT mutants of them are loaded and, if "
                    "accepted, run\n"
                    "verdicts: writes COUNT mutants and their verdicts\n"
                    "loads: runs the files and writes the binary chunks "
                    "that they load, and their verdicts\n"
                    "BYTECODE_KEEP names a file that has the last chunk when "
                    "it crashes\n");
    return 2;
  }
  seed = strtoull(argv[2], NULL, 10);
  n = strtoul(argv[3], NULL, 10);
  fresh();
  for (i = 4; i < argc; i++)
    addprogram(argv[i]);
  if (nprograms == 0) fatal("programs", "none compiles");
  if (strcmp(mode, "accept") == 0) accept(n);
  else if (strcmp(mode, "mutate") == 0) mutate(n);
  else if (strcmp(mode, "verdicts") == 0) verdicts(n);
  else if (strcmp(mode, "loads") == 0) loads();
  else fatal("mode", mode);
  lua_close(mw_L);
  mw_memory_close();
  mw_L = NULL;
  for (i = 0; i < (int)nprograms; i++)
    free(programs[i].s);
  free(programs);
  return 0;
}
