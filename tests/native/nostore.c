/*
** nostore.c
** The imports of a host that has no store, for native tests that need none
*/

#include <string.h>

#include "imports.h"


int js_ext_table_set (unsigned int id, const void *key, unsigned int klen,
                      const void *val, unsigned int vlen) {
  (void)id; (void)key; (void)klen; (void)val; (void)vlen;
  return 0;
}


int js_ext_table_get (unsigned int id, const void *key, unsigned int klen,
                      void *val, unsigned int max) {
  (void)id; (void)key; (void)klen; (void)val; (void)max;
  return -1;
}


int js_ext_table_delete (unsigned int id, const void *key,
                         unsigned int klen) {
  (void)id; (void)key; (void)klen;
  return 0;
}


int js_ext_table_size (unsigned int id) {
  (void)id;
  return 0;
}


int js_ext_table_keys (unsigned int id, void *buf, unsigned int max) {
  unsigned int none = 0;
  (void)id;
  if (max >= sizeof(none))
    memcpy(buf, &none, sizeof(none));
  return sizeof(none);
}


int js_ext_table_drop (unsigned int id) {
  (void)id;
  return 0;
}
