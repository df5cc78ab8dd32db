/*
** A program of wasi-libc: stdio, numbers, allocation, calls by pointer
*/

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare (const void *a, const void *b) {
  return *(const int *)a - *(const int *)b;
}


int main (int argc, char **argv) {
  int i, n = 1000;
  int *numbers = malloc((size_t)n * sizeof(int));
  char *text = calloc(1, 64);
  unsigned long sum = 0;
  for (i = 0; i < n; i++)
    numbers[i] = (int)((unsigned)i * 2654435761u >> 12) % 5000;
  qsort(numbers, (size_t)n, sizeof(int), compare);
  for (i = 0; i < n; i++)
    sum = sum * 31 + (unsigned long)numbers[i];
  snprintf(text, 64, "%d %s %.6f %lx", argc, strrchr(argv[0], 'p'), sqrt(2.0), sum);
  puts(text);
  printf("%g %g %g\n", pow(2.5, 3.5), fmod(-7.25, 2), strtod("1e-310", NULL));
  fprintf(stderr, "to the standard error\n");
  free(numbers);
  free(text);
  return argc + 40;
}
