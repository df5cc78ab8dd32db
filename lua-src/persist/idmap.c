/*
** idmap.c
** Maps from objects or ids to slots: open addressing with linear probing
*/

#include <string.h>

#include "idmap.h"
#include "pool.h"


#define MINSIZE		16


/* (ids are given out one after the other, and used like that) */
static uint32_t home (const mw_Map *m, const GCObject *o, uint32_t id) {
  if (!m->byid) {
    id = (uint32_t)((size_t)o >> 3) * 0x9e3779b1u;  /* Fibonacci hashing: */
    id ^= id >> 15;  /* high bits are the good ones */
  }
  return id & (m->size - 1);
}


#define isfree(s)	((s)->id == 0)


/* the slot of an object or id, or the free one where it would be */
static mw_Slot *probe (const mw_Map *m, const GCObject *o, uint32_t id) {
  uint32_t i = home(m, o, id);
  for (;;) {
    mw_Slot *s = &m->slots[i];
    if (isfree(s) || (m->byid ? s->id == id : s->o == o))
      return s;
    i = (i + 1) & (m->size - 1);
  }
}


mw_Slot *mw_map_find (const mw_Map *m, const GCObject *o, uint32_t id) {
  mw_Slot *s;
  if (m->used == 0)
    return NULL;
  s = probe(m, o, id);
  return isfree(s) ? NULL : s;
}


static int resize (mw_Map *m, uint32_t size) {
  mw_Slot *old = m->slots;
  uint32_t i, oldsize = m->size;
  mw_Slot *slots;
  if (size > SIZE_MAX / 4 / sizeof(mw_Slot))
    return 0;
  slots = (mw_Slot *)mw_alloc(NULL, NULL, 0, size * sizeof(mw_Slot));
  if (slots == NULL)
    return 0;
  memset(slots, 0, size * sizeof(mw_Slot));
  m->slots = slots;
  m->size = size;
  for (i = 0; i < oldsize; i++) {
    if (!isfree(&old[i]))
      *probe(m, old[i].o, old[i].id) = old[i];
  }
  mw_alloc(NULL, old, oldsize * sizeof(mw_Slot), 0);
  return 1;
}


mw_Slot *mw_map_add (mw_Map *m, GCObject *o, uint32_t id) {
  mw_Slot *s;
  if (m->used >= m->size - m->size / 4 &&
      !resize(m, m->size == 0 ? MINSIZE : m->size * 2))
    return NULL;
  s = probe(m, o, id);
  s->o = o;
  s->id = id;
  s->state = 0;
  m->used++;
  return s;
}


/*
** What comes behind the gap may be found across it only: it is added anew.
*/
void mw_map_remove (mw_Map *m, mw_Slot *gap) {
  uint32_t i = (uint32_t)(gap - m->slots);
  mw_Slot s = {NULL, 0, 0};
  do {
    memset(&m->slots[i], 0, sizeof(s));
    if (s.id != 0)
      *probe(m, s.o, s.id) = s;
    i = (i + 1) & (m->size - 1);
    s = m->slots[i];
  } while (!isfree(&s));
  m->used--;
}


void mw_map_free (mw_Map *m) {
  mw_alloc(NULL, m->slots, m->size * sizeof(mw_Slot), 0);
  m->slots = NULL;
  m->size = m->used = 0;
}
