/*
** A module as zig and wasi-sdk make them: called by index, static data,
** a stack in memory, memory.copy, results of several widths
*/

#define EXPORT(name)	__attribute__((export_name(#name)))

typedef int (*Operation) (int a, int b);

static int add (int a, int b) { return a + b; }
static int subtract (int a, int b) { return a - b; }
static int divide (int a, int b) { return a / b; }

static const Operation operations[] = {add, subtract, divide};
static int calls;
static char text[64] = "post-processing";


EXPORT(apply) int apply (int which, int a, int b) {
  calls++;
  return operations[(unsigned int)which % 3](a, b);
}


EXPORT(calls) int count (void) {
  return calls;
}


EXPORT(fib) long long fib (int n) {
  return (n < 2) ? n : fib(n - 1) + fib(n - 2);
}


EXPORT(checksum) unsigned int checksum (int from, int len) {
  char copy[64];
  unsigned int sum = 0;
  __builtin_memcpy(copy, text, sizeof(copy));
  for (int i = 0; i < (len & 31); i++)
    sum = sum * 31 + (unsigned char)copy[(from + i) & 63];
  return sum;
}


EXPORT(scale) double scale (double x, int n) {
  return (n == 0) ? x : scale(x / 2, n - 1);
}


/* exported only by '--export hidden', from the name section */
__attribute__((used, noinline)) int hidden (int x) {
  return x * 7;
}
