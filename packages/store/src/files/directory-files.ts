import { readdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { readFailure, StoreError, systemCode, writeFailure } from "../errors.js";
import type { RecordFiles } from "../shard-store.js";
import { createDurably, isTempName, makeDirectoryDurably, writeDurably } from "./durable.js";
import { readSmall } from "./regular-file.js";

/**
 * Small files in a directory. Subdirectories are created as needed; temporary files of unfinished
 * writes are not listed.
 */
export function directoryFiles(dir: string): RecordFiles {
  const write = async <T>(name: string, work: (path: string) => Promise<T>): Promise<T> => {
    const path = join(dir, name);
    try {
      return await work(path);
    } catch (error) {
      // Runs write hundreds of thousands of files into a few directories, so these are made when they are missed.
      if (!(error instanceof StoreError && isMissing(error.cause))) throw error;
    }
    try {
      await makeDirectoryDurably(dirname(path));
    } catch (error) {
      throw writeFailure(path, error);
    }
    return work(path);
  };
  return {
    location: dir,
    read: async (name) => {
      const path = join(dir, name);
      try {
        return await readSmall(path);
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw readFailure(path, error);
      }
    },
    create: (name, bytes) => write(name, (path) => createDurably(path, bytes)),
    replace: (name, bytes) => write(name, (path) => writeDurably(path, bytes)),
    list: async (prefix) => {
      const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
      const names = await namesUnder(dir, folder);
      return names
        .filter((name) => name.startsWith(prefix) && !isTempName(basename(name)))
        .toSorted();
    },
  };
}

/**
 * Removes the temporary files that killed processes left in a directory and below it. It breaks
 * writes in progress, so call it only when no write of importance is running.
 */
export async function removeTempFiles(dir: string): Promise<void> {
  const names = await namesUnder(dir, "");
  for (const name of names.filter((one) => isTempName(basename(one)))) {
    await rm(join(dir, name), { force: true });
  }
}

async function namesUnder(dir: string, folder: string): Promise<string[]> {
  const path = join(dir, folder);
  try {
    const entries = await readdir(path, { withFileTypes: true });
    const names = await Promise.all(
      entries.map((entry) => {
        const name = `${folder}${entry.name}`;
        return entry.isDirectory() ? namesUnder(dir, `${name}/`) : [name];
      }),
    );
    return names.flat();
  } catch (error) {
    if (isMissing(error)) return [];
    throw readFailure(path, error);
  }
}

function isMissing(error: unknown): boolean {
  const code = systemCode(error);
  return code === "ENOENT" || code === "ENOTDIR";
}
