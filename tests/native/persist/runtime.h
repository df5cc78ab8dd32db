// runtime.h
// What the native tests of persistence use of the runtime: its exports, and the two knobs of tests/native/alloc.c.

#ifndef PERSIST_RUNTIME_H
#define PERSIST_RUNTIME_H

#include <cstdint>
#include <string>

extern "C" {
int init(void);
int compute(const char *s, size_t l);
unsigned char *get_buffer_ptr(void);
int flush(void);
int get_last_error(void);
int attach_memory_table(uint32_t id);
uint32_t get_memory_table_id(void);
uint32_t ext_table_new(void);
void sync_external_table_counter(uint32_t next);
int collect_tables(const unsigned char *ids, size_t n);
int serialize_table(uint32_t id);
uint32_t deserialize_table(const unsigned char *p, size_t n);
void set_chunk_name(const char *s, size_t l);
void set_limits(unsigned heap, int64_t instructions);

extern unsigned long long alloc_count;
extern unsigned long long alloc_fail_from;
extern unsigned long long alloc_fail_to;
}

// Ends the instance, if there is one.
void drop();

// Begins a new one; the program ends if that fails.
void start();

// The error record of the last call as bytes; empty if it succeeded.
std::string errorRecord();

// compute of a text
int run(const std::string &text);

#endif
