/*
** barrier.h
** What the patched VM calls for stored tables, functions and upvalues
** (included by lgc.h). Modules without the part 'persist' have none of
** them: their tests are constants, and what they guard goes away.
*/

#ifndef mw_barrier_h
#define mw_barrier_h

#include "lobject.h"

#include "buffer.h"


#if defined(MW_PERSIST)

/*
** Objects that are under 'Memory' (or are a stored table's for another
** reason) have that bit in 'marked'. Upstream uses it in its own tests only.
*/
#define MW_STOREDBIT	(1 << 7)

#define mw_isstored(o)	luai_unlikely((o)->marked & MW_STOREDBIT)

/*
** A stored table that is not loaded yet has this metatable, and so has one
** with entries that could not be read. Points to a dummy before 'init'.
*/
extern Table *mw_shellmt;

#define mw_isshell(h)	luai_unlikely((h)->metatable == mw_shellmt)

/*
** Its '__index', so that misses in other tables need no test for it. The
** function is never called: 'luaT_callTMres' knows it.
*/
extern int mw_loader (lua_State *L);

#define mw_isloader(tm)	luai_unlikely(ttislcf(tm) && fvalue(tm) == mw_loader)

/* 'marked' of all weak tables that lost entries to the collector, or-ed */
extern lu_byte mw_cleared;


/*
** {==================================================================
** Reads. All may raise errors: of the store's bytes, or of memory. None
** moves the stack.
** ===================================================================
*/

/* loads 'h' if it is not loaded ('mw_load' tests that, too) */
#if defined(MW_SMALL)
#define mw_touch(L,h)	mw_load(L, h)
#else
#define mw_touch(L,h)	(mw_isshell(h) ? mw_load(L, h) : (void)0)
#endif

/* the metatable of 'h', loaded, or NULL */
#define mw_metatable(L,h)  \
	(mw_isshell(h) ? mw_realmetatable(L, h) : (h)->metatable)

/* makes 'h' ready for a raw access to 'key' */
#define mw_touchkey(L,h,key)  \
	(mw_isshell(h) ? (void)mw_getmissing(L, h, key, NULL) : (void)0)

extern void mw_load (lua_State *L, Table *h);
extern Table *mw_realmetatable (lua_State *L, Table *h);

/*
** Loads the shell 'h' and looks 'key' up. Returns 1 with the value in 'res'
** (unless NULL), 0 if there is no such entry.
*/
extern int mw_getmissing (lua_State *L, Table *h, const TValue *key,
                          TValue *res);

/*
** 'luaT_callTMres' for the shell 't': loads it and gets t[key], with its
** metamethods. Returns the tag of the result.
*/
extern int mw_finishget (lua_State *L, const TValue *t, const TValue *key,
                         StkId val);

/* does the store have an entry of the loaded shell 'h' that is not in memory? */
extern int mw_hasentry (lua_State *L, Table *h, const TValue *key);

/* before the shell 'h' is traversed from 'key' on, and after the last key */
extern void mw_beforenext (lua_State *L, Table *h, const TValue *key);
extern void mw_afternext (lua_State *L, Table *h);

/* }================================================================== */


/*
** {==================================================================
** Writes: each notes the write it stands for and promotes what becomes
** reachable. 'mw_set' then does the write; the others are called before it,
** and if one raises an error (something can't be persisted, or no memory),
** it must not happen.
** ===================================================================
*/

/*
** Does h[key] = val. If a '__newindex' metamethod is in the way, it is
** returned, and nothing has happened; else NULL.
*/
extern const TValue *mw_set (lua_State *L, Table *h, const TValue *key,
                             TValue *val);

/* rawset(h, key, val) */
extern void mw_beforerawset (lua_State *L, Table *h, const TValue *key,
                             const TValue *val);

/* h[last - n + 1], ..., h[last] = the n values behind 'ra' */
extern void mw_beforesetlist (lua_State *L, Table *h, StkId ra, int n,
                              unsigned int last);

/* setmetatable(h, mt): returns what to put into 'h->metatable' */
extern Table *mw_beforesetmetatable (lua_State *L, Table *h, Table *mt);

/* assignment to an upvalue */
extern void mw_beforesetupval (lua_State *L, UpVal *uv, const TValue *val);

/* the n-th upvalue of 'cl' becomes 'uv' */
extern void mw_beforejoin (lua_State *L, LClosure *cl, int n, UpVal *uv);

/* }================================================================== */


/* the collector frees the stored object 'o' */
extern void mw_freed (GCObject *o);

/* the thread 'L', or a value in its stack, is about to change */
#define mw_ran(L)	(mw_isstored(L) ? mw_noteran(L) : (void)0)

extern void mw_noteran (const lua_State *L);


/*
** {==================================================================
** Texts of chunks: 'lua_load' keeps each text that it compiles
** ===================================================================
*/

typedef struct mw_Text {
  lua_Reader reader;
  void *data;
  mw_Buffer b;
} mw_Text;

/*
** Returns the reader (its data is 't') that passes on what 'reader' reads
** and collects it.
*/
extern lua_Reader mw_text_begin (mw_Text *t, lua_Reader reader, void *data);

/*
** If 'status' is LUA_OK the new function on top of the stack, and all
** inside it, get their text. Returns the status (which may have become
** LUA_ERRMEM, with the error object in place of the function).
*/
extern int mw_text_end (lua_State *L, mw_Text *t, int status);

/* " in a function from Memory" where that explains a missing global, or "" */
extern const char *mw_origin (lua_State *L, const char *varinfo);

/* }================================================================== */

#else

#define mw_isstored(o)		((void)(o), 0)
#define mw_isshell(h)		((void)(h), 0)
#define mw_isloader(tm)		((void)(tm), 0)
#define mw_touch(L,h)		((void)0)
#define mw_touchkey(L,h,key)	((void)0)
#define mw_metatable(L,h)	((h)->metatable)

#define mw_beforenext(L,h,key)		((void)0)
#define mw_afternext(L,h)		((void)0)
#define mw_finishget(L,t,key,val)	(ttypetag(s2v(val)))
#define mw_set(L,h,key,val)		(cast(TValue *, NULL))
#define mw_beforerawset(L,h,key,val)	((void)(key))
#define mw_beforesetlist(L,h,ra,n,last)	((void)0)
#define mw_beforesetmetatable(L,h,mt)	(mt)
#define mw_beforesetupval(L,uv,val)	((void)0)
#define mw_beforejoin(L,cl,n,uv)	((void)0)
#define mw_freed(o)			((void)0)
#define mw_ran(L)			((void)0)
#define mw_origin(L,varinfo)		""

/* where the collector would tell what it cleared */
extern lu_byte mw_cleared;

/* 'lua_load' keeps what it reads of a binary chunk, until it has loaded it */
typedef struct mw_Text {
  lua_Reader reader;
  void *data;
  mw_Buffer b;
} mw_Text;

extern lua_Reader mw_text_begin (mw_Text *t, lua_Reader reader, void *data);
extern int mw_text_end (lua_State *L, mw_Text *t, int status);

#endif


/*
** Instead of 'luaU_undump': reads a binary chunk whole and verifies it
** before anything can call it. Raises an error if it is bad.
*/
#if MW_LUA == 54
extern LClosure *mw_undump (lua_State *L, struct Zio *z, const char *name);
#else
extern LClosure *mw_undump (lua_State *L, struct Zio *z, Table *anchor,
                            const char *name, int fixed);
#endif

#endif
