/*
** A module that leaves unwinding to imports, as the runtime does
*/

#define IMPORT(name)	__attribute__((import_module("env"), import_name(#name)))
#define EXPORT(name)	__attribute__((export_name(#name)))

typedef void (*Body) (void *L, void *ud);

IMPORT(lua_try) extern int lua_try (Body f, void *L, void *ud);
IMPORT(lua_throw) extern _Noreturn void lua_throw (int c);


static void body (void *L, void *ud) {
  int *x = ud;
  (void)L;
  if (*x > 2)
    lua_throw(1);
  *x += 10;
}


/* 100 if it was thrown, plus the number, plus 10 if it was not */
EXPORT(guarded) int guarded (int x) {
  return 100 * lua_try(body, 0, &x) + x;
}
