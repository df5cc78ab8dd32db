// reach.h
// What the stored bytes reach, found apart from the runtime's own code.

#ifndef PERSIST_REACH_H
#define PERSIST_REACH_H

#include <cstdint>
#include <set>
#include <utility>

// kinds are 0 (table), 0x10 (function) and 0x11 (cell)
using Reached = std::set<std::pair<int, uint32_t>>;

// what a table reaches, itself included
Reached reachable(uint32_t root);

// Number of tables, functions and cells in the store that table 1 does not reach.
int unreachable();

#endif
