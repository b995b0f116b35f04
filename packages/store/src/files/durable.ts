import { createHash, randomUUID } from "node:crypto";
import { link, open, rename, rm, stat, unlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { systemCode, writeFailure } from "../errors.js";
import { makeDirectory } from "./make-directory.js";
import { FILE_MODE } from "./modes.js";
import { readChunks } from "./regular-file.js";

/*
 * Files that are either complete or absent, even after a power cut: content is written under a
 * temporary name in the same directory, synced to disk, and only then given its public name.
 */

/** Temporary names are hidden and cannot be confused with the user's files. */
const TEMP_NAME = /^\..+\.tmp$/;

/** A temporary name in the directory of `path`; `attempt` makes it unique. */
export function tempPath(path: string, attempt: string = randomUUID()): string {
  return join(dirname(path), `.${basename(path)}.${attempt}.tmp`);
}

/** Whether `name` is a temporary name, as made by `tempPath`. */
export function isTempName(name: string): boolean {
  return TEMP_NAME.test(name);
}

/** The content of a file; pieces are concatenated. */
type Content = string | Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** Writes a file, replacing an existing one. @throws StoreError WRITE_FAILED */
export async function writeDurably(path: string, content: Content): Promise<void> {
  const temp = tempPath(path);
  try {
    await writeAndSync(temp, content);
    await publish(temp, path);
  } catch (error) {
    await rm(temp, { force: true });
    throw writeFailure(path, error);
  }
}

/**
 * Writes a file unless it exists: of any number of processes that try, exactly one succeeds.
 *
 * @returns whether this call created it
 * @throws StoreError WRITE_FAILED
 */
export async function createDurably(path: string, content: Content): Promise<boolean> {
  const temp = tempPath(path);
  try {
    await writeAndSync(temp, content);
    // A rename would replace; a link refuses, and appears with its whole content.
    await link(temp, path);
    await syncDirectory(dirname(path));
    return true;
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw writeFailure(path, error);
    // A network file system may have linked it, lost the answer, and refused the retry.
    return await isSameFile(temp, path);
  } finally {
    await unlink(temp).catch(unlessMissing);
  }
}

function unlessMissing(error: unknown): void {
  if (systemCode(error) !== "ENOENT") throw error;
}

/** Creates a directory and its parents, so that they survive a power cut. */
export async function makeDirectoryDurably(path: string): Promise<void> {
  // Each new directory is an entry in the one above it.
  for (const made of await makeDirectory(path)) await syncDirectory(dirname(made));
}

/** Gives a written and synced file its public name, replacing an existing file. */
export async function publish(temp: string, path: string): Promise<void> {
  await rename(temp, path);
  await syncDirectory(dirname(path));
}

/** Syncs a file to disk that was written by other means. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The size in bytes and the SHA-256 in hex of a file, read as a stream. */
export async function fingerprint(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of readChunks(path)) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest("hex") };
}

/** The size of a file in bytes, or undefined if it does not exist. */
export async function fileSize(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function isSameFile(one: string, other: string): Promise<boolean> {
  try {
    const [a, b] = await Promise.all([stat(one), stat(other)]);
    return a.ino === b.ino && a.dev === b.dev;
  } catch {
    // One of them is gone by now; the name was taken when we tried.
    return false;
  }
}

async function writeAndSync(path: string, content: Content): Promise<void> {
  const file = await open(path, "wx", FILE_MODE);
  try {
    await writeFile(file, content);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
