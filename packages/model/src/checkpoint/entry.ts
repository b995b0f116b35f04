import { statSync } from "node:fs";

/** What is at a path; undefined if there is nothing, or nothing that can be read. */
export function entryAt(path: string): "file" | "directory" | undefined {
  try {
    return statSync(path).isDirectory() ? "directory" : "file";
  } catch {
    return undefined;
  }
}
