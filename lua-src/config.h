/*
** config.h
** What every C file of a module is compiled with (-include): how Lua's
** configuration macros are set, for upstream's files and for ours
*/

#ifndef mw_config_h
#define mw_config_h

#include <stddef.h>
#include <stdint.h>

#if !defined(MW_LUA) || (MW_LUA != 54 && MW_LUA != 55)
#error "MW_LUA must be 54 or 55"
#endif

struct lua_State;


/*
** {==================================================================
** Errors: no setjmp. 'lua_try' and 'lua_throw' are imports that the
** toolchain fills in with WebAssembly exceptions (or leaves to the host).
** A native build, for tests, keeps upstream's setjmp.
** ===================================================================
*/

#if defined(__wasm__)

#include "imports.h"

#define LUAI_THROW(L,c)		lua_throw(c)

#if MW_LUA == 54
/* the protected call 'a' stands where its function and argument are in
   scope as 'f' and 'ud' (luaD_rawrunprotected, the macro's only user) */
#define LUAI_TRY(L,c,a)		((void)(c), (void)lua_try(f, L, ud))
#else
#define LUAI_TRY(L,c,f,ud)	((void)(c), (void)lua_try(f, L, ud))
#endif

#define luai_jmpbuf		int  /* dummy variable */

/* wasi-libc refuses <signal.h>, and nothing here interrupts anything */
#define l_signalT		int

#endif

/* }================================================================== */


/*
** {==================================================================
** Output: what 'print' and warnings write is captured. All users of the
** first two macros have the Lua state at hand as 'L'.
** ===================================================================
*/

extern void mw_output_write (struct lua_State *L, const char *s, size_t l);
extern void mw_output_message (const char *fmt, const char *arg);

#define lua_writestring(s,l)		mw_output_write(L, (s), (l))
#define lua_writeline()			mw_output_write(L, "\n", 1)
#define lua_writestringerror(s,p)	mw_output_message((s), (p))

/* }================================================================== */


/*
** Seeds come from 'set_seed', or from the clock and addresses.
*/
extern unsigned int mw_seed_next (void);
extern uint64_t mw_seed_long (void);

#if MW_LUA == 54
#define luai_makeseed(L)	mw_seed_next()
#define l_randomizePivot()	mw_seed_next()
#else
#define luai_makeseed()		mw_seed_next()
#define l_randomizePivot(L)	mw_seed_next()
#endif


/* there is one locale, "C" */
#define lua_getlocaledecpoint()	'.'


/*
** Nesting of C calls and of syntactical levels. The C stack (960 KiB) and an
** engine's own stack (about 1 MB in browsers) have to bear that many.
*/
#define LUAI_MAXCCALLS		200


/* 'require' finds given modules; there is no file system to search */
#define LUA_PATH_DEFAULT	"./?.lua;./?/init.lua"
#define LUA_CPATH_DEFAULT	"./?.so"

/* what the libraries' names take: the table does not grow in 'init' */
#define MINSTRTABSIZE		512


/*
** A function for rare cases of its only callers. Engines compile a function
** when it is first called: what is inlined is compiled with the rest.
*/
#if defined(MW_SMALL)
#define MW_RARE
#else
#define MW_RARE			__attribute__((noinline))
#endif


/*
** A small function that takes less time than a call of it, and is called
** where programs spend theirs: part of its callers in profile 'size', too.
*/
#if defined(MW_SMALL)
#define MW_INLINE		static inline __attribute__((always_inline))
#else
#define MW_INLINE		static inline
#endif


/* a function of its own, compiled for its bytes: work that others wait on */
#if defined(MW_SMALL)
#define MW_SHORT
#else
#define MW_SHORT		__attribute__((noinline, minsize))
#endif


/* a coroutine is about to run (barrier.h) */
#define luai_userstateresume(L,n)	mw_ran(L)

#endif
