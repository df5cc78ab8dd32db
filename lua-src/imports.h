/*
** imports.h
** The functions that a module imports from its host (module "env")
*/

#ifndef mw_imports_h
#define mw_imports_h

#if defined(__wasm__)
#define MW_IMPORT(name) \
	__attribute__((import_module("env"), import_name(name))) extern
#else
#define MW_IMPORT(name)		extern
#endif

struct lua_State;

/* milliseconds since the Unix epoch */
MW_IMPORT("js_time_now") double js_time_now (void);


/*
** {==================================================================
** The host's store: tables by id, each a map from encoded key to encoded
** value that keeps insertion order. 0 or -1 (failed), lengths, or -1.
** ===================================================================
*/

MW_IMPORT("js_ext_table_set") int js_ext_table_set (unsigned int id,
        const void *key, unsigned int klen,
        const void *val, unsigned int vlen);
MW_IMPORT("js_ext_table_get") int js_ext_table_get (unsigned int id,
        const void *key, unsigned int klen, void *val, unsigned int max);
MW_IMPORT("js_ext_table_delete") int js_ext_table_delete (unsigned int id,
        const void *key, unsigned int klen);
MW_IMPORT("js_ext_table_size") int js_ext_table_size (unsigned int id);
MW_IMPORT("js_ext_table_keys") int js_ext_table_keys (unsigned int id,
        void *buf, unsigned int max);
MW_IMPORT("js_ext_table_drop") int js_ext_table_drop (unsigned int id);

/* }================================================================== */


#if defined(__wasm__)

/* calls f(L, ud); 1 if 'lua_throw' ended the call, else 0 */
MW_IMPORT("lua_try") int lua_try (void (*f) (struct lua_State *L, void *ud),
                                  struct lua_State *L, void *ud);

/* unwinds to the innermost 'lua_try'; 'c' is its 'struct lua_longjmp' */
MW_IMPORT("lua_throw") _Noreturn void lua_throw (void *c);

#endif

#endif
