import { closeSync, existsSync, fstatSync, openSync, readSync, renameSync } from "node:fs";

const MAX_BYTES = 32 * 1024;

/** The last lines of a log; empty if there is none. */
export function logTail(path: string, lines: number): string {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return "";
  }
  try {
    const { size } = fstatSync(file);
    const buffer = Buffer.alloc(Math.min(size, MAX_BYTES));
    readSync(file, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString("utf8").trimEnd().split("\n").slice(-lines).join("\n");
  } finally {
    closeSync(file);
  }
}

/** Starts a new log. The previous one is renamed and replaces the one before it. */
export function beginLog(path: string): void {
  if (existsSync(path)) renameSync(path, path.replace(/\.log$/, ".previous.log"));
}
