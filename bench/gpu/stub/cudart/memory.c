/*
 * Memory of the device is memory of the host. As nothing is computed, the host gets one fixed byte instead
 * of results, and every count is the same again; only shapes are right. 0 is "false" as well, and 1 "true".
 */
#include <string.h>
#include "driver_types.h"
#include "../log.h"
#include "shapes.h"

static int allocate(void **at, size_t bytes, const char *kind) {
  *at = calloc(1, bytes ? bytes : 1);
  LOG("allocate %s %zu\n", kind, bytes);
  return *at ? 0 : cudaErrorMemoryAllocation;
}

int cudaMalloc(void **at, size_t bytes) { return allocate(at, bytes, "device"); }
int cudaMallocFromPoolAsync(void **at, size_t bytes) { return allocate(at, bytes, "device"); }
int cudaMallocHost(void **at, size_t bytes) { return allocate(at, bytes, "host"); }
int cudaHostAlloc(void **at, size_t bytes) { return allocate(at, bytes, "host"); }

static int release(void *at) {
  free(at);
  return 0;
}

int cudaFree(void *at) { return release(at); }
int cudaFreeHost(void *at) { return release(at); }
int cudaFreeAsync(void *at) { return release(at); }

static void log_copy(int kind, size_t bytes) {
  static const char *KINDS[] = {"H2H", "H2D", "D2H", "D2D", "any"};
  LOG("copy %s %zu\n", KINDS[kind], bytes);
}

static int host_byte(void) {
  const char *byte = getenv("STUB_BYTE");
  return byte ? atoi(byte) : 0;
}

int cudaMemcpy(void *to, const void *from, size_t bytes, int kind) {
  log_copy(kind, bytes);
  if (kind == cudaMemcpyHostToDevice) add_shape(to, bytes);
  if (kind == cudaMemcpyDeviceToHost && !is_shape(from, bytes)) {
    memset(to, host_byte(), bytes);
  } else {
    memcpy(to, from, bytes);
  }
  return 0;
}

int cudaMemcpyAsync(void *to, const void *from, size_t bytes, int kind) {
  return cudaMemcpy(to, from, bytes, kind);
}

int cudaMemcpy2DAsync(char *to, size_t to_pitch, const char *from, size_t from_pitch, size_t width,
                      size_t height, int kind) {
  log_copy(kind, width * height);
  for (size_t row = 0; row < height; row++) {
    memcpy(to + row * to_pitch, from + row * from_pitch, width);
  }
  return 0;
}

int cudaMemcpyFromSymbol(void *to, const void *symbol, size_t bytes) {
  memset(to, 0, bytes);
  return 0;
}

int cudaMemset(void *to, int value, size_t bytes) {
  LOG("memset %zu\n", bytes);
  memset(to, value, bytes);
  return 0;
}

int cudaMemsetAsync(void *to, int value, size_t bytes) { return cudaMemset(to, value, bytes); }
