/*
** idmap.h
** Maps from objects or ids to slots: open addressing with linear probing
*/

#ifndef mw_idmap_h
#define mw_idmap_h

#include <stdint.h>

#include "lobject.h"


typedef struct mw_Slot {
  GCObject *o;
  uint32_t id;
  uint32_t state;
} mw_Slot;

typedef struct mw_Map {
  mw_Slot *slots;
  uint32_t size;  /* power of two, or 0 */
  uint32_t used;
  int byid;  /* true: looked up by 'id'; else by 'o' */
} mw_Map;

/* slot of an object or id, or NULL. Valid until the map changes. */
extern mw_Slot *mw_map_find (const mw_Map *m, const GCObject *o, uint32_t id);

/*
** Adds a slot (its object or id must not be there yet; 'id' is never 0,
** 'state' is). NULL if there is no memory, nothing changed.
*/
extern mw_Slot *mw_map_add (mw_Map *m, GCObject *o, uint32_t id);

extern void mw_map_remove (mw_Map *m, mw_Slot *s);
extern void mw_map_free (mw_Map *m);

#endif
