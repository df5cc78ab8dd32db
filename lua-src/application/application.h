/*
** application.h
** The application that a module contains
*/

#ifndef mw_application_h
#define mw_application_h

#include <stddef.h>

#include "lua.h"

/* a module of the application: its name for 'require', and its bytecode */
typedef struct mw_Module {
  const char *name;
  const unsigned char *code;
  size_t size;
} mw_Module;

/* the modules, the main one first; the toolchain makes them */
extern const mw_Module mw_application[];
extern const size_t mw_napplication;

/*
** The application as a function: runs it with its arguments. What calls it
** without the part that has it gets an error (bridge/own.c).
*/
extern int mw_own_application (lua_State *L);

#endif
