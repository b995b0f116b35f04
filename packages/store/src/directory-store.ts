import { constants } from "node:fs";
import { copyFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { storeFailed, storeGone, systemCode } from "./errors.js";
import { directoryFiles, removeTempFiles } from "./files/directory-files.js";
import { makeDirectoryDurably, publish, syncFile, tempPath } from "./files/durable.js";
import { readChunks } from "./files/regular-file.js";
import { assertName, assertPrefix } from "./names.js";
import type { ShardStore } from "./shard-store.js";

/**
 * A store in a directory that all machines of a run share, such as an NFS mount. The file system must
 * support hard links, and a listing must show the files that other machines have created.
 */
export function directoryStore(dir: string): ShardStore {
  const files = directoryFiles(dir);
  const at = async <T>(name: string, work: (path: string) => Promise<T>): Promise<T> => {
    assertName(name);
    const path = join(dir, name);
    try {
      return await work(path);
    } catch (error) {
      throw storeFailed(path, error);
    }
  };
  return {
    location: dir,
    read: (name) => at(name, () => files.read(name)),
    create: (name, bytes) => at(name, () => files.create(name, bytes)),
    replace: (name, bytes) => at(name, () => files.replace(name, bytes)),
    list: async (prefix) => {
      assertPrefix(prefix);
      try {
        return await files.list(prefix);
      } catch (error) {
        throw storeFailed(join(dir, prefix), error);
      }
    },
    putFile: (name, localPath) =>
      // Temporary files are in the store's own directory: readers of a folder of parts may not skip hidden files.
      at(name, (path) => putFile({ path, localPath, temp: tempPath(join(dir, basename(name))) })),
    open: (name) => readPieces(dir, name),
    remove: (name) => at(name, (path) => rm(path, { force: true })),
    removeLeftovers: async () => {
      try {
        await removeTempFiles(dir);
      } catch (error) {
        throw storeFailed(dir, error);
      }
    },
  };
}

async function putFile(options: {
  readonly path: string;
  readonly localPath: string;
  /** On the file system of `path`. */
  readonly temp: string;
}): Promise<void> {
  const { path, localPath, temp } = options;
  await makeDirectoryDurably(dirname(path));
  try {
    await moveOrCopy(localPath, temp);
    await syncFile(temp);
    await publish(temp, path);
  } catch (error) {
    await rm(temp, { force: true });
    throw error;
  }
}

async function moveOrCopy(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (systemCode(error) !== "EXDEV") throw error;
    await copyFile(from, to, constants.COPYFILE_EXCL);
  }
}

async function* readPieces(dir: string, name: string): AsyncGenerator<Uint8Array> {
  assertName(name);
  const path = join(dir, name);
  try {
    for await (const chunk of readChunks(path)) yield chunk;
  } catch (error) {
    if (systemCode(error) === "ENOENT") throw storeGone(path);
    throw storeFailed(path, error);
  }
}
