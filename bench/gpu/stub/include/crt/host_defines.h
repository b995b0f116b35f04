/* What driver_types.h needs of a header that only NVIDIA's compiler has: the words mean nothing to gcc. */
#define __device_builtin__
#define __cudart_builtin__
#define CUDARTAPI
#define CUDARTAPI_CDECL
#define __CUDA_DEPRECATED_FUNC__
#define __builtin_align__(a) __attribute__((aligned(a)))
#define __device_builtin_texture_type__
#define __device_builtin_surface_type__
#define __host__
#define __device__
#define __inline__ inline
#define __align__(n) __attribute__((aligned(n)))
#define __specialization_static static
