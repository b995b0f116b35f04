import { constants } from "node:fs";
import { access, lstat, readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";
import { StoreError, systemCode } from "../errors.js";
import { refuseKernelFile } from "./regular-file.js";

/** The directories and `s3://bucket/prefix` places that paths of requests may lie in. */
export interface DataRoots {
  /**
   * Checks that a path lies in a root once its symbolic links are resolved, and so does all that links below it name. A
   * path may not exist yet: then its nearest existing parent counts.
   *
   * @throws StoreError BAD_LOCATION
   */
  assertInside(path: string): Promise<void>;
}

/** @param roots none: every place is allowed */
export function dataRoots(roots: readonly string[]): DataRoots {
  if (roots.length === 0) return { assertInside: () => Promise.resolve() };
  const refuse = (path: string, target: string) => {
    const through = target === path ? "" : `, by way of ${target}`;
    return new StoreError(
      "BAD_LOCATION",
      `${path} is outside of the data roots${through}. Use a place below ${roots.join(" or ")}, or add it with --data-root.`,
    );
  };
  return {
    assertInside: async (path) => {
      if (path.includes("://")) {
        if (roots.some((root) => isBelow(path, { root, separator: "/" }))) return;
        throw refuse(path, path);
      }
      const places = await Promise.all(
        roots.filter((root) => !root.includes("://")).map((root) => existingPart(root)),
      );
      const isInside = (place: string) =>
        places.some((root) => isBelow(place, { root, separator: sep }));
      // The system follows a link before the `..` after it, and Node's `resolve` does not: both may be used later.
      for (const way of new Set([path, resolve(path)])) {
        const place = await existingPart(way);
        if (!isInside(place)) throw refuse(path, place);
        for await (const target of linkTargets(place)) {
          if (!isInside(target)) throw refuse(path, target);
        }
      }
    },
  };
}

/**
 * Checks that a directory exists or can be made: its nearest existing parent is a directory on an ordinary file
 * system in which this user may write.
 *
 * @throws StoreError WRITE_FAILED
 */
export async function assertCreatable(path: string): Promise<void> {
  let at = resolve(path);
  for (;;) {
    try {
      if (!(await stat(at)).isDirectory()) throw unwritable(path, `${at} is a file`);
      await refuseKernelFile(at);
      await access(at, constants.W_OK | constants.X_OK);
      return;
    } catch (error) {
      const isMissing = systemCode(error) === "ENOENT" && dirname(at) !== at;
      if (!isMissing)
        throw error instanceof StoreError
          ? unwritable(path, error.message)
          : unwritable(path, `this user may not write in ${at}`);
      at = dirname(at);
    }
  }
}

function unwritable(path: string, problem: string): StoreError {
  return new StoreError(
    "WRITE_FAILED",
    `${path} cannot be made: ${problem.replace(/\.$/, "")}. Name a directory on a disk that this user may write to.`,
  );
}

function isBelow(place: string, { root, separator }: { root: string; separator: string }): boolean {
  const start = root.endsWith(separator) ? root : `${root}${separator}`;
  return place === root || place.startsWith(start);
}

/** The path with its links resolved; what does not exist of it is taken literally. */
async function existingPart(path: string): Promise<string> {
  const missing: string[] = [];
  for (let at = path; ; at = dirname(at)) {
    try {
      return join(await realpath(at), ...missing);
    } catch (error) {
      const isNothing = systemCode(error) === "ENOENT" && (await hasNoEntry(at));
      if (!isNothing || dirname(at) === at) {
        throw new StoreError(
          "BAD_LOCATION",
          `${path} cannot be followed: ${systemCode(error)}. Check the path.`,
          { cause: error },
        );
      }
      missing.unshift(basename(at));
    }
  }
}

/** A link to nothing is an entry: what is created through it may be anywhere. */
async function hasNoEntry(path: string): Promise<boolean> {
  return lstat(path).then(
    () => false,
    () => true,
  );
}

/** What the symbolic links below a directory name; also below directories that they name. */
async function* linkTargets(directory: string): AsyncGenerator<string> {
  const seen = new Set([directory]);
  for (const at of seen) {
    const entries = await readdir(at, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const path = join(at, entry.name);
      if (entry.isDirectory()) seen.add(path);
      if (!entry.isSymbolicLink()) continue;
      const target = await existingPart(path);
      yield target;
      seen.add(target);
    }
  }
}
