#include "shapes.h"
#include <string.h>

#define MAX_BYTES 64
#define KEPT 4096

static const void *shapes[KEPT];
static size_t count;

void add_shape(const void *at, size_t bytes) {
  if (bytes <= MAX_BYTES) shapes[count++ % KEPT] = at;
}

int is_shape(const void *at, size_t bytes) {
  if (bytes % sizeof(long) != 0 || bytes > MAX_BYTES) return 0;
  for (size_t place = 0; place < count && place < KEPT; place++) {
    if (shapes[place] == at) return 1;
  }
  return 0;
}

typedef struct {
  int divisor;
  unsigned multiplier, shift;
} DivMod;

typedef struct {
  int size;
  const long *data[32];
} Inputs;

/* The one kernel that runs: onnxruntime's concatenation of int64 tensors of equal length, on one axis. */
void run_kernel(const char *name, void **parameters) {
  if (strstr(name, "_ConcatKernelSameConcatDimIl") == NULL) return;
  const int length = ((DivMod *)parameters[2])->divisor, total = *(int *)parameters[5];
  long *output = *(long **)parameters[3];
  const Inputs *inputs = parameters[4];
  for (int at = 0; at < total; at++) output[at] = inputs->data[at / length][at % length];
  add_shape(output, total * sizeof(long));
}
