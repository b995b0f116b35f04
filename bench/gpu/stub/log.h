/* One line per operation of the device, appended to the file that STUB_LOG names. */
#include <stdio.h>
#include <stdlib.h>

static FILE *log_file(void) {
  static FILE *file;
  if (!file) {
    const char *path = getenv("STUB_LOG");
    file = fopen(path ? path : "/dev/null", "a");
    if (!file) abort();
    setvbuf(file, NULL, _IOLBF, 0);
  }
  return file;
}

#define LOG(...) fprintf(log_file(), __VA_ARGS__)

/* A handle that is never looked into. */
static int make(void **handle) {
  *handle = calloc(1, 64);
  return *handle ? 0 : 2;
}
