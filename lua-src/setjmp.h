/*
** setjmp.h
** Stands in for the C library's header, which refuses to be included when
** there are no exceptions; 'lua_try' and 'lua_throw' do the job (config.h)
*/

#if defined(__wasm__)
typedef int jmp_buf;  /* a field of 5.5's that is not used */
#else
#include_next <setjmp.h>
#endif
