import { constants, createReadStream, type ReadStream } from "node:fs";
import { type FileHandle, open, stat, statfs } from "node:fs/promises";
import { StoreError, systemCode } from "../errors.js";

/*
 * Paths come from requests and settings. A FIFO or a terminal would block whoever opens it, a device
 * never ends, and files of /proc and /sys show the process instead of data: only regular files on
 * ordinary file systems are read.
 */

/** Neither waits for a writer of a FIFO nor makes a terminal the controlling one. */
const READ_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

/** Magic numbers of statfs(2): file systems whose files the kernel makes up. */
const KERNEL_FILE_SYSTEMS: ReadonlySet<number> = new Set([
  0x9fa0, // proc
  0x62656572, // sysfs
  0x64626720, // debugfs
  0x74726163, // tracefs
  0x27e0eb, // cgroup
  0x63677270, // cgroup2
  0x73636673, // securityfs
  0xf97cff8c, // selinux
  0xcafe4a11, // bpf
  0x62656570, // configfs
  0x6165676c, // pstore
  0xde5e81e4, // efivarfs
  0x19800202, // mqueue
  0x1cd1, // devpts
]);

interface FileKind {
  isFile(): boolean;
  isDirectory(): boolean;
  isFIFO(): boolean;
  isSocket(): boolean;
}

/**
 * Opens a regular file for reading; never waits for a FIFO or a device. The caller closes it.
 *
 * @throws StoreError UNREADABLE for anything else than a regular file; the error of the file system
 */
export async function openRegular(path: string): Promise<FileHandle> {
  // Before it is opened: opening some devices does something.
  refuseSpecial(path, await stat(path));
  const file = await openForReading(path);
  try {
    // Again, because the path may name another file by now.
    refuseSpecial(path, await file.stat());
    await refuseKernelFile(path);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Checks that a path is a regular file that can be read. @throws as `openRegular` */
export async function assertRegular(path: string): Promise<void> {
  await (await openRegular(path)).close();
}

/** Reads a small regular file. @throws StoreError UNREADABLE if it is larger; as `openRegular` */
export async function readSmall(path: string, maxBytes: number = MAX_SMALL_BYTES): Promise<Buffer> {
  const file = await openRegular(path);
  try {
    const { size } = await file.stat();
    if (size > maxBytes) throw tooLarge(path, { size, maxBytes });
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** More than any settings, record or vocabulary has. */
const MAX_SMALL_BYTES = 256 * 2 ** 20;

/** Streams a regular file. Errors of opening it come first; the stream closes it. @throws as `openRegular` */
export async function streamRegular(
  path: string,
  { chunkBytes = 256 * 1024 }: { readonly chunkBytes?: number } = {},
): Promise<ReadStream> {
  const file = await openRegular(path);
  return createReadStream(path, { fd: file, highWaterMark: chunkBytes });
}

/** The content of a regular file in pieces. @throws as `openRegular` */
export async function* readChunks(path: string): AsyncGenerator<Uint8Array> {
  yield* await streamRegular(path);
}

async function openForReading(path: string): Promise<FileHandle> {
  try {
    return await open(path, READ_FLAGS);
  } catch (error) {
    // A FIFO without a writer opens, a socket does not.
    if (systemCode(error) === "ENXIO") throw notRegular(path, "a socket or a device");
    throw error;
  }
}

function refuseSpecial(path: string, kind: FileKind): void {
  if (kind.isFile()) return;
  if (kind.isDirectory()) {
    throw new StoreError("UNREADABLE", `${path} is a directory. Name a file in it.`);
  }
  throw notRegular(path, kind.isFIFO() ? "a pipe" : kind.isSocket() ? "a socket" : "a device");
}

/** @throws StoreError UNREADABLE for a place on a file system like /proc, whose files are no data */
export async function refuseKernelFile(path: string): Promise<void> {
  const { type } = await statfs(path);
  // Signed on some systems.
  if (KERNEL_FILE_SYSTEMS.has(type >>> 0)) {
    throw notRegular(path, "a file of the operating system's kernel");
  }
}

function notRegular(path: string, what: string): StoreError {
  return new StoreError(
    "UNREADABLE",
    `${path} is ${what}, not a regular file. Write its content to a file and name that.`,
  );
}

function tooLarge(
  path: string,
  { size, maxBytes }: { size: number; maxBytes: number },
): StoreError {
  return new StoreError(
    "UNREADABLE",
    `${path} has ${size} bytes; at most ${maxBytes} are read. Check that it is the file that you mean.`,
  );
}
