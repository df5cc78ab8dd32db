/*
** seed.h
** Seeds for string hashes, 'table.sort' and 'math.random'
*/

#ifndef mw_seed_h
#define mw_seed_h

#include <stdint.h>

/* fixes all seeds to follow from this one */
extern void mw_seed_set (uint64_t seed);

/* forgets it: the next seed comes from the clock again */
extern void mw_seed_unset (void);

/* the next seed, and a longer one */
extern unsigned int mw_seed_next (void);
extern uint64_t mw_seed_long (void);

#endif
