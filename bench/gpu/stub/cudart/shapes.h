/* Small numbers that the host reads again: shapes, which decide what it asks for next. */
#pragma once
#include <stddef.h>

/* Notes numbers that are right on the device. */
void add_shape(const void *at, size_t bytes);
int is_shape(const void *at, size_t bytes);
/* Runs a kernel if it joins shapes. */
void run_kernel(const char *name, void **parameters);
