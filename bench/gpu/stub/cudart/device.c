/* The device: an H100. */
#include <stddef.h>
#include "driver_types.h"

enum { MAJOR = 9, MINOR = 0, PROCESSORS = 132, CUDA_VERSION = 13000 };
static const size_t MEMORY = 80ull << 30;

static int set(int *to, int value) {
  *to = value;
  return 0;
}

int cudaGetDeviceCount(int *count) { return set(count, 1); }
int cudaGetDevice(int *device) { return set(device, 0); }
int cudaDriverGetVersion(int *version) { return set(version, CUDA_VERSION); }
int cudaRuntimeGetVersion(int *version) { return set(version, CUDA_VERSION); }

int cudaMemGetInfo(size_t *available, size_t *total) {
  *total = MEMORY;
  *available = MEMORY - (2ull << 30);
  return 0;
}

int cudaGetDeviceProperties(struct cudaDeviceProp *device, int index) {
  *device = (struct cudaDeviceProp){
      .name = "stub of an H100",
      .totalGlobalMem = MEMORY,
      .sharedMemPerBlock = 48 << 10,
      .sharedMemPerBlockOptin = 227 << 10,
      .sharedMemPerMultiprocessor = 228 << 10,
      .regsPerBlock = 65536,
      .regsPerMultiprocessor = 65536,
      .warpSize = 32,
      .maxThreadsPerBlock = 1024,
      .maxThreadsDim = {1024, 1024, 64},
      .maxGridSize = {2147483647, 65535, 65535},
      .maxThreadsPerMultiProcessor = 2048,
      .maxBlocksPerMultiProcessor = 32,
      .totalConstMem = 64 << 10,
      .major = MAJOR,
      .minor = MINOR,
      .multiProcessorCount = PROCESSORS,
      .l2CacheSize = 50 << 20,
      .cooperativeLaunch = 1,
      .concurrentKernels = 1,
      .memoryPoolsSupported = 1,
      .clusterLaunch = 1,
      .unifiedAddressing = 1,
  };
  return 0;
}

int cudaDeviceGetAttribute(int *value, int attribute) {
  switch (attribute) {
    case cudaDevAttrComputeCapabilityMajor: return set(value, MAJOR);
    case cudaDevAttrComputeCapabilityMinor: return set(value, MINOR);
    case cudaDevAttrMultiProcessorCount: return set(value, PROCESSORS);
    case cudaDevAttrMaxSharedMemoryPerBlock: return set(value, 48 << 10);
    case cudaDevAttrMaxSharedMemoryPerBlockOptin: return set(value, 227 << 10);
    case cudaDevAttrMaxSharedMemoryPerMultiprocessor: return set(value, 228 << 10);
    case cudaDevAttrMaxThreadsPerBlock: return set(value, 1024);
    case cudaDevAttrMaxThreadsPerMultiProcessor: return set(value, 2048);
    case cudaDevAttrWarpSize: return set(value, 32);
    default: return set(value, 1);
  }
}

int cudaFuncGetAttributes(struct cudaFuncAttributes *attributes, const void *kernel) {
  *attributes = (struct cudaFuncAttributes){
      .maxThreadsPerBlock = 1024, .numRegs = 32, .binaryVersion = 10 * MAJOR, .ptxVersion = 10 * MAJOR};
  return 0;
}

int cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int *blocks) { return set(blocks, 2); }

int cudaPointerGetAttributes(struct cudaPointerAttributes *attributes, const void *at) {
  *attributes = (struct cudaPointerAttributes){.type = cudaMemoryTypeDevice};
  return 0;
}

/* Optional features of the driver: there are none. */
int cudaGetDriverEntryPointByVersion(const char *name, void **function, unsigned version,
                                     unsigned long long flags, int *found) {
  *function = NULL;
  if (found) *found = cudaDriverEntryPointSymbolNotFound;
  return 0;
}

const char *cudaGetErrorString(int error) { return "an error of the stub"; }
const char *cudaGetErrorName(int error) { return "stub"; }
