// store.h
// A host's store: maps from encoded keys to encoded values, in the order of their insertion.

#ifndef PERSIST_STORE_H
#define PERSIST_STORE_H

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>

struct StoredTable {
  std::unordered_map<std::string, std::pair<uint64_t, std::string>> entries;
  std::map<uint64_t, std::string> order;
};

// what is stored
extern std::map<uint32_t, StoredTable> store;

// How often the runtime has asked for a table's size.
extern unsigned long sizeCalls;

// From now on about one write in so many fails, at random from a seed; 0: none.
void failWrites(unsigned oneIn, uint64_t seed);

// Sets an entry, as a host does that writes tables itself.
void put(uint32_t id, const std::string &key, const std::string &value);

// Number of tables, other than the runtime's own, that have an entry.
size_t countTables();

// Reads and writes the whole store; for stores that another build wrote.
void loadStore(const char *file);
void saveStore(const char *file);

// Prints it.
void dumpStore();

#endif
