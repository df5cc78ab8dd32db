/*
** outline.h
** In profile 'size': functions in place of upstream's macros that stand in
** many places, but for the interpreter loop and the calls
*/

#ifndef mw_outline_h
#define mw_outline_h

/* 'setobj' where a call would take longer than what is done with the value */
#define mw_copyobj(to,from)  \
	((to)->value_ = (from)->value_, (to)->tt_ = (from)->tt_)

#if defined(MW_SMALL) && !defined(lvm_c) && !defined(ldo_c)

#undef setobj
#define setobj(L,obj1,obj2)	{ mw_setobj(obj1, obj2); }

#undef luaC_checkGC
#define luaC_checkGC(L)		mw_checkGC(L)

#undef luaC_objbarrier
#undef luaC_barrier
#undef luaC_barrierback
#define luaC_objbarrier(L,p,o)	mw_objbarrier(L, obj2gco(p), obj2gco(o))
#define luaC_barrier(L,p,v)	mw_barrier(L, obj2gco(p), v)
#define luaC_barrierback(L,p,v)	mw_barrierback(L, p, v)

#endif


extern void mw_setobj (TValue *to, const TValue *from);
extern void mw_checkGC (lua_State *L);
extern void mw_objbarrier (lua_State *L, GCObject *p, GCObject *o);
extern void mw_barrier (lua_State *L, GCObject *p, const TValue *v);
extern void mw_barrierback (lua_State *L, GCObject *p, const TValue *v);

#endif
