/* cuBLAS without a GPU: products are logged with their sizes, and not computed. */
#include "log.h"

enum { COMPUTE_32F = 68, FLOAT = 0, DOUBLE = 1 };

static int product(int m, int n, int k, int batch, int type, int compute) {
  LOG("product m%d n%d k%d batch%d type%d compute%d\n", m, n, k, batch, type, compute);
  return 0;
}

int cublasCreate_v2(void **handle) { return make(handle); }

int cublasGetMathMode(void *handle, int *mode) {
  *mode = 0;
  return 0;
}

int cublasGemmEx(void *handle, int ta, int tb, int m, int n, int k, const void *alpha, const void *a,
                 int type_a, int lda, const void *b, int type_b, int ldb, const void *beta, void *c,
                 int type_c, int ldc, int compute) {
  return product(m, n, k, 1, type_a, compute);
}

int cublasSgemm_v2(void *handle, int ta, int tb, int m, int n, int k) {
  return product(m, n, k, 1, FLOAT, COMPUTE_32F);
}

int cublasDgemm_v2(void *handle, int ta, int tb, int m, int n, int k) {
  return product(m, n, k, 1, DOUBLE, DOUBLE);
}

int cublasGemmStridedBatchedEx(void *handle, int ta, int tb, int m, int n, int k, const void *alpha,
                               const void *a, int type_a, int lda, long long stride_a, const void *b,
                               int type_b, int ldb, long long stride_b, const void *beta, void *c,
                               int type_c, int ldc, long long stride_c, int batch, int compute) {
  return product(m, n, k, batch, type_a, compute);
}

int cublasSgemmStridedBatched(void *handle, int ta, int tb, int m, int n, int k, const void *alpha,
                              const void *a, int lda, long long stride_a, const void *b, int ldb,
                              long long stride_b, const void *beta, void *c, int ldc,
                              long long stride_c, int batch) {
  return product(m, n, k, batch, FLOAT, COMPUTE_32F);
}

int cublasSgemmBatched(void *handle, int ta, int tb, int m, int n, int k) {
  return product(m, n, k, 0, FLOAT, COMPUTE_32F);
}

int cublasGemmBatchedEx(void *handle, int ta, int tb, int m, int n, int k) {
  return product(m, n, k, 0, FLOAT, COMPUTE_32F);
}

const char *cublasGetStatusName(int status) { return "stub"; }
const char *cublasGetStatusString(int status) { return "an error of the stub"; }
