/*
** output.c
** Capture of what 'print', 'io.write' and warnings write
*/

#include <string.h>

#include "lua.h"

#include "buffer.h"
#include "output.h"


/*
** A buffer larger than that is given back once its text was delivered: it
** counts against the heap limit of the calls to come.
*/
#define KEEP		4096

mw_Buffer mw_output;

/* how much of the text belongs to a call that has ended */
static size_t delivered;

static int warnings;  /* are warnings on? */
static int continuing;  /* is the next piece part of the same warning? */


void mw_output_write (lua_State *L, const char *s, size_t l) {
  mw_buf_add(L, &mw_output, s, l);
}


static void addpiece (const char *s, size_t l) {
  if (mw_buf_tryreserve(&mw_output, l)) {
    memcpy(mw_output.data + mw_output.n, s, l);
    mw_output.n += l;
  }
}


void mw_output_message (const char *fmt, const char *arg) {
  const char *p = strstr(fmt, "%s");
  if (p != NULL) {
    addpiece(fmt, (size_t)(p - fmt));
    addpiece(arg, strlen(arg));
    fmt = p + 2;
  }
  addpiece(fmt, strlen(fmt));
}


void mw_output_deliver (void) {
  delivered = mw_output.n;
}


size_t mw_output_delivered (void) {
  return delivered;
}


void mw_output_clear (void) {
  size_t rest = mw_output.n - delivered;
  if (rest > 0)
    memmove(mw_output.data, mw_output.data + delivered, rest);
  else
    mw_buf_shrink(&mw_output, KEEP);
  mw_output.n = rest;
  delivered = 0;
}


/*
** A message made of one piece that starts with '@' is a control message.
*/
void mw_output_warn (void *ud, const char *msg, int tocont) {
  (void)ud;
  if (!continuing && !tocont && *msg == '@') {
    if (strcmp(msg, "@on") == 0)
      warnings = 1;
    else if (strcmp(msg, "@off") == 0)
      warnings = 0;
    return;
  }
  if (warnings) {
    if (!continuing)
      mw_output_message("%s", "Lua warning: ");
    mw_output_message(tocont ? "%s" : "%s\n", msg);
  }
  continuing = tocont;
}
