#!/usr/bin/env -S MALLOC_MMAP_THRESHOLD_=1073741824 MALLOC_TRIM_THRESHOLD_=8589934592 node --single-threaded-gc
// Why the line above: docs/decisions/0006-memory-flags.md. This file is there before the build, so that npm
// can link the command at install time. It is written for Node 14, which must be able to read it, and
// imports nothing of ours before it knows that this Node can run it.
import { createRequire } from "node:module";

const { engines } = createRequire(import.meta.url)("../package.json");
const [minMajor, minMinor] = engines.node.match(/\d+/g).map(Number);
const [major, minor] = process.versions.node.split(".").map(Number);

if (major < minMajor || (major === minMajor && minor < minMinor)) {
  console.error(
    `nightbeam needs Node ${minMajor}.${minMinor} or newer; this is Node ${process.versions.node}. ` +
      "Install one from https://nodejs.org or with a version manager, such as `nvm install 24`.",
  );
  process.exitCode = 1;
} else {
  await import("../dist/main.js");
}
