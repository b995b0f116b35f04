#!/usr/bin/env -S MALLOC_MMAP_THRESHOLD_=1073741824 MALLOC_TRIM_THRESHOLD_=8589934592 node --single-threaded-gc
// Why the line above: docs/decisions/0006-memory-flags.md. This file stands before the build, so
// that npm can link the command at install time.
import "../dist/main.js";
