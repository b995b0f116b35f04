/* Streams and events: everything has happened by the time that it is asked for. */
#include "driver_types.h"
#include "../log.h"

static int synchronize(const char *what) {
  LOG("synchronize %s\n", what);
  return 0;
}

int cudaStreamSynchronize(void *stream) { return synchronize("stream"); }
int cudaDeviceSynchronize(void) { return synchronize("device"); }
int cudaEventSynchronize(void *event) { return synchronize("event"); }

int cudaStreamCreate(void **stream) { return make(stream); }
int cudaStreamCreateWithFlags(void **stream) { return make(stream); }
int cudaEventCreate(void **event) { return make(event); }
int cudaEventCreateWithFlags(void **event) { return make(event); }
int cudaMemPoolCreate(void **pool) { return make(pool); }
int cudaLibraryLoadData(void **library) { return make(library); }
int cudaLibraryGetKernel(void **kernel) { return make(kernel); }

int cudaStreamIsCapturing(void *stream, int *status) {
  *status = cudaStreamCaptureStatusNone;
  return 0;
}

int cudaMemPoolGetAttribute(void *pool, int attribute, unsigned long long *value) {
  *value = 0;
  return 0;
}

int cudaEventElapsedTime(float *milliseconds) {
  *milliseconds = 1;
  return 0;
}
