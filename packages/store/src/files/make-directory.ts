import { mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { systemCode } from "../errors.js";
import { DIRECTORY_MODE } from "./modes.js";

/**
 * Creates a directory and its missing parents, one level after the other. Unlike `mkdir` with `recursive`, which in
 * Node 20 never ends below /proc/self, it takes at most two steps per level of the path.
 *
 * @param mode before the umask. Default: no access for other users
 * @returns the directories that it made, from the top
 * @throws the error of the file system; EEXIST if a file is in the way
 */
export async function makeDirectory(
  path: string,
  { mode = DIRECTORY_MODE }: { readonly mode?: number } = {},
): Promise<string[]> {
  const missing: string[] = [];
  const made: string[] = [];
  let at = resolve(path);
  while (!(await makeLevel(at, { mode, made }))) {
    missing.push(at);
    at = dirname(at);
  }
  for (const level of missing.reverse()) await mkdirUnlessThere(level, { mode, made });
  return made;
}

interface Making {
  readonly mode: number;
  readonly made: string[];
}

/** @returns false if the parent is missing */
async function makeLevel(path: string, making: Making): Promise<boolean> {
  try {
    await mkdirUnlessThere(path, making);
    return true;
  } catch (error) {
    if (systemCode(error) === "ENOENT" && dirname(path) !== path) return false;
    throw error;
  }
}

async function mkdirUnlessThere(path: string, { mode, made }: Making): Promise<void> {
  try {
    await mkdir(path, { mode });
    made.push(path);
  } catch (error) {
    const code = systemCode(error);
    // A read-only file system and a root that is not ours may say so before they say that it exists.
    const mayExist =
      code === "EEXIST" ||
      code === "EROFS" ||
      code === "EISDIR" ||
      code === "EACCES" ||
      code === "EPERM";
    if (mayExist && (await isDirectory(path))) return;
    throw error;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
