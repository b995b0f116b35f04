/* cuDNN without a GPU. */
#include "log.h"

int cudnnCreate(void **handle) { return make(handle); }
size_t cudnnGetVersion(void) { return 91000; }
size_t cudnnGetMaxDeviceVersion(void) { return 900; }
size_t cudnnGetCudartVersion(void) { return 13000; }
const char *cudnnGetErrorString(int status) { return "an error of the stub"; }

static int no_bytes(size_t *bytes) {
  *bytes = 0;
  return 0;
}

int cudnnGetReductionIndicesSize(void *handle, void *reduction, void *from, void *to, size_t *bytes) {
  return no_bytes(bytes);
}

int cudnnGetReductionWorkspaceSize(void *handle, void *reduction, void *from, void *to,
                                   size_t *bytes) {
  return no_bytes(bytes);
}

int cudnnSoftmaxForward(void) {
  LOG("launch cudnnSoftmaxForward\n");
  return 0;
}

int cudnnReduceTensor(void) {
  LOG("launch cudnnReduceTensor\n");
  return 0;
}
