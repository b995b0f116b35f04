/*
 * A CUDA runtime without a GPU: memory is the host's, copies copy, kernels do not run. onnxruntime opens
 * its sessions on it and runs them, so that what it would ask of a device can be counted. The host is
 * given fixed values (memory.c). What is not in this folder does nothing and returns cudaSuccess (build.mjs).
 *
 * Kernels: the compiler of CUDA registers each under the address of its host function.
 */
#include "../log.h"
#include "shapes.h"

typedef struct {
  const void *host;
  const char *name;
} Kernel;

typedef struct {
  unsigned x, y, z;
} Dim3;

static Kernel *kernels;
static size_t kernel_count, kernel_capacity, sorted_count;

void **__cudaRegisterFatBinary(void *binary) {
  static void *handle[1];
  return handle;
}

void __cudaRegisterFunction(void **binary, const char *host, char *device, const char *name) {
  if (kernel_count == kernel_capacity) {
    kernel_capacity = kernel_capacity ? 2 * kernel_capacity : 4096;
    kernels = realloc(kernels, kernel_capacity * sizeof(Kernel));
    if (!kernels) abort();
  }
  kernels[kernel_count++] = (Kernel){host, name};
}

static int by_host(const void *a, const void *b) {
  const Kernel *x = a, *y = b;
  return x->host < y->host ? -1 : x->host > y->host;
}

static const char *name_of(const void *host) {
  if (sorted_count != kernel_count) {
    qsort(kernels, kernel_count, sizeof(Kernel), by_host);
    sorted_count = kernel_count;
  }
  Kernel key = {host, NULL};
  Kernel *found = bsearch(&key, kernels, kernel_count, sizeof(Kernel), by_host);
  return found ? found->name : "unknown";
}

static int launch(const void *kernel, void **parameters) {
  const char *name = name_of(kernel);
  LOG("launch %s\n", name);
  run_kernel(name, parameters);
  return 0;
}

static __thread struct {
  Dim3 grid, block;
  size_t shared;
  void *stream;
} configuration;

unsigned __cudaPushCallConfiguration(Dim3 grid, Dim3 block, size_t shared, void *stream) {
  configuration.grid = grid;
  configuration.block = block;
  configuration.shared = shared;
  configuration.stream = stream;
  return 0;
}

int __cudaPopCallConfiguration(Dim3 *grid, Dim3 *block, size_t *shared, void **stream) {
  *grid = configuration.grid;
  *block = configuration.block;
  *shared = configuration.shared;
  *stream = configuration.stream;
  return 0;
}

int __cudaGetKernel(void **kernel, const void *host) {
  *kernel = (void *)host;
  return 0;
}

int __cudaLaunchKernel(const void *kernel, Dim3 grid, Dim3 block, void **parameters) {
  return launch(kernel, parameters);
}

int cudaLaunchKernel(const void *kernel, Dim3 grid, Dim3 block, void **parameters) {
  return launch(kernel, parameters);
}

int cudaLaunchCooperativeKernel(const void *kernel, Dim3 grid, Dim3 block, void **parameters) {
  return launch(kernel, parameters);
}

int cudaLaunchKernelExC(const void *configuration, const void *kernel, void **parameters) {
  return launch(kernel, parameters);
}

int cudaLaunchHostFunc(void *stream, void (*function)(void *), void *argument) {
  function(argument);
  return 0;
}
