/*
** seed.c
** Seeds for string hashes, 'table.sort' and 'math.random'
*/

#include <string.h>

#include "imports.h"
#include "seed.h"


static uint64_t state;
static int isset;


void mw_seed_set (uint64_t seed) {
  state = seed;
  isset = 1;
}


void mw_seed_unset (void) {
  state = 0;
  isset = 0;
}


/*
** SplitMix64: every seed, 0 too, starts a good sequence.
*/
uint64_t mw_seed_long (void) {
  uint64_t z;
  if (!isset) {
    double now = js_time_now();
    memcpy(&state, &now, sizeof(state));
    state ^= (uint64_t)(size_t)&now << 32 ^ (size_t)&state;
    isset = 1;
  }
  z = (state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}


unsigned int mw_seed_next (void) {
  return (unsigned int)mw_seed_long();
}
